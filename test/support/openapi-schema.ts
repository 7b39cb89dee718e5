import Ajv2020 from "ajv/dist/2020";
import { openapi_document } from "../../src/http/index.ts";

const DOCUMENT = "openapi.json";
const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
ajv.addSchema(openapi_document(), DOCUMENT);

const pointer = (...parts: string[]) =>
  parts.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

/** What is wrong with a body, as the OpenAPI document has it; empty if nothing. `route` is a path of the document. */
export function schema_errors(route: string, status: number, content_type: string, body: unknown): string[] {
  const path = pointer("paths", route, "get", "responses", String(status), "content", content_type, "schema");
  const validate = ajv.compile({ $ref: `${DOCUMENT}#${path}` });
  validate(body);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
