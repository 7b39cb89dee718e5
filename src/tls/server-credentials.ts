import { ServerCredentials } from "@grpc/grpc-js";
import type { Certificate, Certificates } from "./certificates.ts";

/** Credentials of a grpc-js server that shows the certificate of the moment to whoever connects. */
export function server_credentials(certificates: Certificates): ServerCredentials {
  if (certificates.current === null) return ServerCredentials.createInsecure();
  const credentials = new ReplaceableCredentials(certificates.current);
  certificates.on_change((certificate) => credentials.replace(certificate));
  return credentials;
}

/** As Bun's own servers have it; Node's give a client that says nothing two minutes. */
const HANDSHAKE_MS_MAX = 12_000;

class ReplaceableCredentials extends ServerCredentials {
  constructor({ cert, key }: Certificate) {
    super({ requestCert: false, handshakeTimeout: HANDSHAKE_MS_MAX }, { cert, key });
  }

  replace({ cert, key }: Certificate): void {
    this.updateSecureContextOptions({ cert, key });
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}
