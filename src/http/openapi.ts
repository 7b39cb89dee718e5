import { OpenAPIHono } from "@hono/zod-openapi";
import { version } from "../../package.json" with { type: "json" };
import { ROUTES } from "./routes.ts";

const DESCRIPTION = `\
OpenTelemetry traces, stored in DuckDB and asked for by six questions. Lists are JSON arrays, newest first, in pages of
\`limit\` rows; where there is more, \`Link\` names the next page. Errors are problem documents (RFC 9457).`;

const SECURITY_SCHEMES = {
  junjo_api_key: { type: "apiKey", in: "header", name: "x-junjo-api-key" },
  api_key: { type: "apiKey", in: "header", name: "x-api-key" },
  bearer: { type: "http", scheme: "bearer" },
} as const;

/** The API as an OpenAPI 3.1 document. */
export function openapi_document() {
  const { openAPIRegistry, getOpenAPI31Document } = new OpenAPIHono();
  for (const [name, scheme] of Object.entries(SECURITY_SCHEMES)) {
    openAPIRegistry.registerComponent("securitySchemes", name, scheme);
  }
  for (const route of ROUTES) openAPIRegistry.registerPath(route);
  return getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "junjo-traces", version, description: DESCRIPTION, license: { name: "Apache-2.0" } },
    tags: [
      { name: "questions", description: "What the traces say." },
      { name: "changes", description: "What can be done to them." },
      { name: "Junjo AI Studio", description: "The same, as the page of Junjo AI Studio asks for it." },
      { name: "Jaeger", description: "The same, as Jaeger's page and Grafana ask for it." },
      { name: "operation", description: "How the server is." },
    ],
  });
}
