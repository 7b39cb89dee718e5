import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Logger } from "../observe/index.ts";

/** PEM. */
export type Certificate = { readonly cert: string; readonly key: string };

export interface Certificates {
  /** Null: plain text, now and later. */
  readonly current: Certificate | null;

  /** Calls back whenever another certificate is to be shown, until disposed of. */
  on_change(listener: (certificate: Certificate) => void): Disposable;

  /** Reads the files again. What can't be used is logged, and the certificate stays as it is. */
  reload(): void;
}

export type TlsErrorCode = "cannot_read" | "does_not_fit";

/** The certificate can't be used. The message is one line that names the file. */
export class TlsError extends Error {
  override readonly name = "TlsError";

  constructor(
    readonly code: TlsErrorCode,
    what: string,
    options?: ErrorOptions,
  ) {
    super(what, options);
  }
}

export type CertificatePaths = { tls_cert_path?: string | undefined; tls_key_path?: string | undefined };

/** Reads the certificate, if the paths are given. Throws TlsError. */
export function open_certificates({ tls_cert_path, tls_key_path }: CertificatePaths, logger: Logger): Certificates {
  if (tls_cert_path === undefined || tls_key_path === undefined) return PLAIN_TEXT;
  return new CertificateFiles(tls_cert_path, tls_key_path, logger);
}

const PLAIN_TEXT: Certificates = {
  current: null,
  on_change: () => ({ [Symbol.dispose]: () => undefined }),
  reload: () => undefined,
};

class CertificateFiles implements Certificates {
  current: Certificate;
  private readonly listeners = new Set<(certificate: Certificate) => void>();

  constructor(
    private readonly cert_path: string,
    private readonly key_path: string,
    private readonly logger: Logger,
  ) {
    this.current = this.read();
  }

  on_change(listener: (certificate: Certificate) => void): Disposable {
    this.listeners.add(listener);
    return { [Symbol.dispose]: () => void this.listeners.delete(listener) };
  }

  reload(): void {
    const certificate = this.read_or_complain();
    if (certificate === null || same(certificate, this.current)) return;
    this.current = certificate;
    for (const listener of this.listeners) listener(certificate);
    const { subject, validTo } = new X509Certificate(certificate.cert);
    this.logger.info({ subject, valid_to: validTo }, "showing another certificate");
  }

  private read_or_complain(): Certificate | null {
    try {
      return this.read();
    } catch (error) {
      if (!(error instanceof TlsError)) throw error;
      this.logger.error({ err: error }, "the certificate stays as it was");
      return null;
    }
  }

  private read(): Certificate {
    const certificate = { cert: read_text(this.cert_path), key: read_text(this.key_path) };
    const x509 = parse(this.cert_path, () => new X509Certificate(certificate.cert));
    const key = parse(this.key_path, () => createPrivateKey(certificate.key));
    if (x509.checkPrivateKey(key)) return certificate;
    throw new TlsError("does_not_fit", `${this.key_path} is not the key of the certificate in ${this.cert_path}`);
  }
}

const same = (one: Certificate, other: Certificate): boolean => one.cert === other.cert && one.key === other.key;

function read_text(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new TlsError("cannot_read", `cannot read ${path}: ${message_of(cause)}`, { cause });
  }
}

function parse<Parsed>(path: string, read: () => Parsed): Parsed {
  try {
    return read();
  } catch (cause) {
    throw new TlsError("cannot_read", `${path} is not the PEM file it should be: ${message_of(cause)}`, { cause });
  }
}

const message_of = (error: unknown): string => (error instanceof Error ? error.message : String(error));
