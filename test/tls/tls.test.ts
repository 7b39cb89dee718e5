import { describe, expect, it } from "bun:test";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Client, credentials } from "@grpc/grpc-js";
import { open_certificates, TlsError } from "../../src/tls/index.ts";
import { make_certificate, shown_subject } from "../support/certificates.ts";
import { collecting_logger } from "../support/collecting-logger.ts";
import { request_bytes, span_init } from "../support/otlp.ts";
import { poll_until } from "../support/poll-until.ts";
import { run_program } from "../support/program.ts";
import { FROM_SOURCE, start_server } from "../support/server-process.ts";
import { temp_dir } from "../support/temp-dir.ts";

const GRPC_EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

function export_over_grpc(client: Client, body: Uint8Array): Promise<unknown> {
  const as_is = (bytes: Buffer) => bytes;
  return new Promise((resolve, reject) =>
    client.makeUnaryRequest(GRPC_EXPORT, as_is, as_is, Buffer.from(body), (error, answer) =>
      error ? reject(error) : resolve(answer),
    ),
  );
}

/** The files that a server in `directory` is told of, showing the certificate of this name. */
function install(directory: string, name: string) {
  const made = make_certificate(directory, name);
  const paths = { TLS_CERT_PATH: join(directory, "server.crt"), TLS_KEY_PATH: join(directory, "server.key") };
  copyFileSync(made.cert, paths.TLS_CERT_PATH);
  copyFileSync(made.key, paths.TLS_KEY_PATH);
  return paths;
}

describe("every listener", () => {
  it("speaks TLS, and shows a new certificate after SIGHUP while old connections go on", async () => {
    using dir = temp_dir();
    const env = { ...install(dir.path, "first"), AUTH_GRPC_PORT: "0" };
    const first = readFileSync(env.TLS_CERT_PATH);
    await using server = await start_server(FROM_SOURCE, dir.path, env);
    const ports = Object.values(server.ports);
    expect(ports).toHaveLength(5);
    const subjects = () => Promise.all(ports.map(shown_subject));
    expect(await subjects()).toEqual(ports.map(() => "first"));

    const client = new Client(`localhost:${server.ports.otlp_grpc}`, credentials.createSsl(first));
    const body = request_bytes([span_init({ name: "over TLS" })]);
    await export_over_grpc(client, body);
    const https = `https://127.0.0.1:${server.ports.otlp_http}/v1/traces`;
    const headers = { "content-type": "application/x-protobuf" };
    const send = (ca: Buffer) => fetch(https, { method: "POST", headers, body, tls: { ca } });
    expect((await send(first)).status).toBe(200);

    install(dir.path, "second");
    server.kill("SIGHUP");
    // A connection that comes while the listener is replaced may be reset.
    const are_second = async () => (await subjects().catch(() => [])).filter((name) => name === "second").length === 5;
    await poll_until(are_second, { what: "the new one shown" });
    await export_over_grpc(client, body);
    client.close();
    expect((await send(readFileSync(env.TLS_CERT_PATH))).status).toBe(200);
    expect((await run_program(["health"], { ...env, HTTP_PORT: String(server.ports.http) })).exit_code).toBe(0);

    await Bun.write(env.TLS_KEY_PATH, "no key");
    server.kill("SIGHUP");
    const complaint = "the certificate stays as it was";
    await poll_until(() => server.log().split(complaint).length === 3, { what: "a complaint of each thread" });
    expect(await subjects()).toEqual(ports.map(() => "second"));
    server.kill("SIGTERM");
    expect(await server.exited).toBe(0);
  }, 30_000);

  it("has its port for itself", async () => {
    using dir = temp_dir();
    using other = temp_dir();
    const env = install(dir.path, "one");
    await using server = await start_server(FROM_SOURCE, dir.path, env);
    const taken = { ...env, HTTP_PORT: "0", OTLP_GRPC_PORT: "0", READ_SPANS_PORT: "0" };
    const port = String(server.ports.otlp_http);
    const { exit_code, stderr } = await run_program([], { ...taken, OTLP_HTTP_PORT: port }, other.path);
    expect(exit_code).toBe(1);
    expect(stderr).toContain(`cannot start: cannot listen on 127.0.0.1:${port}`);
  });

  it("is polled over TLS by a server elsewhere", async () => {
    using dir = temp_dir();
    using elsewhere = temp_dir();
    const env = install(dir.path, "ingestion");
    await using ingest = await start_server([...FROM_SOURCE, "ingest"], dir.path, env);
    const client = new Client(
      `localhost:${ingest.ports.otlp_grpc}`,
      credentials.createSsl(readFileSync(env.TLS_CERT_PATH)),
    );
    await export_over_grpc(client, request_bytes([span_init({ name: "far" })], "far-service"));
    client.close();
    await using serve = await start_server(FROM_SOURCE, elsewhere.path, {
      INGESTION_GRPC_HOST: "127.0.0.1",
      INGESTION_GRPC_PORT: String(ingest.ports.read_spans),
      INGESTION_TLS: "true",
      INGESTION_TLS_CA_PATH: env.TLS_CERT_PATH,
      POLL_INTERVAL_MS: "20",
    });
    const names = async () => (await (await serve.get("/otel/span_service_names")).json()) as string[];
    await poll_until(async () => (await names()).includes("far-service"), { what: "the span from elsewhere" });
  }, 30_000);
});

describe("a certificate", () => {
  it("is read with its key, and again when told to", () => {
    using dir = temp_dir();
    const paths = install(dir.path, "first");
    const { logger, lines } = collecting_logger();
    const certificates = open_certificates(settings(paths), logger);
    const shown: string[] = [];
    using _subscription = certificates.on_change(({ cert }) => shown.push(cert));
    certificates.reload();
    install(dir.path, "second");
    certificates.reload();
    expect(shown).toEqual([readFileSync(paths.TLS_CERT_PATH, "utf8")]);
    expect(lines).toMatchObject([{ level: 30, msg: "showing another certificate" }]);
  });

  it("stays when what comes after it can't be used", () => {
    using dir = temp_dir();
    const paths = install(dir.path, "first");
    const { logger, lines } = collecting_logger();
    const certificates = open_certificates(settings(paths), logger);
    const { current } = certificates;
    copyFileSync(make_certificate(dir.path, "other").key, paths.TLS_KEY_PATH);
    certificates.reload();
    expect(certificates.current).toEqual(current);
    expect(lines).toMatchObject([{ level: 50, err: { code: "does_not_fit" } }]);
  });

  it.each(["TLS_CERT_PATH", "TLS_KEY_PATH"])("stops the start when %s is no PEM file", async (name) => {
    using dir = temp_dir();
    const paths = { ...install(dir.path, "first"), [name]: join(dir.path, "garbage") };
    expect(() => open_certificates(settings(paths), collecting_logger().logger)).toThrow(/cannot read .*garbage/);
    await Bun.write(join(dir.path, "garbage"), "garbage");
    expect(() => open_certificates(settings(paths), collecting_logger().logger)).toThrow(TlsError);
  });
});

const settings = ({ TLS_CERT_PATH, TLS_KEY_PATH }: Record<string, string>) => ({
  tls_cert_path: TLS_CERT_PATH,
  tls_key_path: TLS_KEY_PATH,
});
