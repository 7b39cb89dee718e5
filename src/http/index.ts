/**
 * The HTTP API: the six questions, the document that describes them, and what an operator needs.
 *
 * `start_http` listens on HOST and HTTP_PORT and resolves to the port; it rejects with HttpError when it can't. Disposing
 * of it stops listening, lets answers under way finish for a moment, and cuts off what is left. `start_operations_http`
 * is the same with health, readiness and metrics alone, `create_app` without a listener.
 *
 * Answers are as DESIGN.md section 5 has them; errors are problem documents (RFC 9457) of a closed list. Rows stream:
 * memory does not grow with the answer. Once the status is sent, a failure can only break off the connection.
 */
export { create_app, type HttpDependencies } from "./app.ts";
export { openapi_document } from "./openapi.ts";
export type { OperationsDependencies } from "./operations.ts";
export { HttpError, start_http, start_operations_http, type HttpServer } from "./server.ts";
