import type { OpenAPIHono } from "@hono/zod-openapi";
import swagger_css from "swagger-ui-dist/swagger-ui.css" with { type: "file" };
import swagger_js from "swagger-ui-dist/swagger-ui-bundle.js" with { type: "file" };
import start_js from "./start.js" with { type: "file" };
import page from "./page.html" with { type: "file" };

/** Nothing from elsewhere. Swagger UI sets styles on elements it makes; everything it runs comes from here. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const FILES = {
  "/docs": [page, "text/html; charset=utf-8"],
  "/docs/swagger-ui.css": [swagger_css, "text/css; charset=utf-8"],
  "/docs/swagger-ui-bundle.js": [swagger_js, "text/javascript; charset=utf-8"],
  "/docs/start.js": [start_js, "text/javascript; charset=utf-8"],
} as const;

/** The API reference: pages that are part of the program and ask no other host for anything. */
export function add_docs(app: OpenAPIHono): void {
  for (const [path, [file, content_type]] of Object.entries(FILES)) {
    app.get(path, () => {
      const headers = { "content-type": content_type, "content-security-policy": CONTENT_SECURITY_POLICY };
      return new Response(Bun.file(file), { headers: { ...headers, "cache-control": "no-cache" } });
    });
  }
}
