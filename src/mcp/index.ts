/**
 * Traces for whoever speaks the Model Context Protocol: tools that ask a running server over its HTTP API.
 *
 * `serve_mcp` speaks the protocol on standard input and output and resolves when the input has ended and all of it is
 * answered; nothing else may write to the output meanwhile. What a tool gives is JSON of bounded length, which says what was
 * left out of it. What goes wrong while it is answered is told to whoever asked; a URL that is none rejects with McpError.
 */
export { McpError } from "./api-client.ts";
export { serve_mcp } from "./serve.ts";
