import { type ChannelCredentials, type ChannelOptions, credentials } from "@grpc/grpc-js";
import { isIP } from "node:net";
import { checkServerIdentity } from "node:tls";

export type ClientTls = {
  /** PEM of the authorities to trust; null: the system's. */
  ca: Buffer | null;
};

export type ClientChannel = { credentials: ChannelCredentials; options: ChannelOptions };

/** How a grpc-js client speaks to `host`: with TLS, or without when that is undefined. */
export function client_channel(host: string, tls: ClientTls | undefined): ClientChannel {
  if (tls === undefined) return { credentials: credentials.createInsecure(), options: {} };
  if (isIP(host) === 0) return { credentials: credentials.createSsl(tls.ca), options: {} };
  // grpc-js sends the host as the server's name, which is no name here: Bun refuses that, as RFC 6066 has it. So some
  // name is sent, and the certificate is held to the address all the same.
  const verify = {
    checkServerIdentity: (_name: string, cert: Parameters<typeof checkServerIdentity>[1]) =>
      checkServerIdentity(host, cert),
  };
  return {
    credentials: credentials.createSsl(tls.ca, null, null, verify),
    options: { "grpc.ssl_target_name_override": "localhost" },
  };
}
