/**
 * The certificate of every listener, and its replacement while they run.
 *
 * `open_certificates` reads it; `listen_http` and `server_credentials` make Bun's and grpc-js's servers show it, and a
 * newer one after `reload`, without a pause: gRPC connections go on under the certificate that they began with, and HTTP
 * requests get their answers. `client_channel` is the other end of a gRPC connection.
 */
export { type Certificate, type Certificates, open_certificates, TlsError, type TlsErrorCode } from "./certificates.ts";
export { client_channel, type ClientTls } from "./client-channel.ts";
export { type HttpListener, listen_http } from "./http-listener.ts";
export { server_credentials } from "./server-credentials.ts";
