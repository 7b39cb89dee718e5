import { join } from "node:path";
import { connect } from "node:tls";

export type CertificateFiles = { cert: string; key: string };

/** Makes a certificate for this machine, signed by itself, that has `name` as its subject. */
export function make_certificate(directory: string, name: string): CertificateFiles {
  const [cert, key] = [join(directory, `${name}.crt`), join(directory, `${name}.key`)];
  const names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const what = ["-subj", `/CN=${name}`, "-addext", names, "-days", "30", "-keyout", key, "-out", cert];
  const made = Bun.spawnSync(["openssl", "req", "-x509", ...curve, ...what]);
  if (!made.success) throw new Error(`openssl: ${made.stderr.toString()}`);
  return { cert, key };
}

/** Whose certificate a new connection to the port is shown; rejects when the connection is reset. */
export function shown_subject(port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = { host: "127.0.0.1", port, rejectUnauthorized: false, ALPNProtocols: ["h2", "http/1.1"] };
  const socket = connect(options, () => resolve(String(socket.getPeerCertificate().subject.CN)));
  socket.on("error", reject);
  return promise.finally(() => socket.destroy());
}
