import type { Certificate, Certificates } from "./certificates.ts";

type Server = Bun.Server<undefined>;

/** What a server of Bun's is told besides its own options. */
export type ListenOptions = { port: number; tls?: Certificate; reusePort?: boolean };

/** As Bun's server: `stop` listens no longer, and resolves when its connections have ended; or ends them with `true`. */
export type HttpListener = { readonly port: number; stop(close_connections?: boolean): Promise<void> };

/**
 * Runs what `serve` starts, with the certificate of the moment. Bun 1.4's `reload` takes a new certificate and goes on
 * showing the old one. So each certificate gets a server of its own, which listens at the same port before the former
 * one stops: the port is never closed, and what is being answered is answered. Idle connections and those that come in
 * that very moment are closed (1 or 2 when 8 clients do nothing but connect); clients connect again. Throws what `serve`
 * throws.
 */
export function listen_http(
  certificates: Certificates,
  port: number,
  serve: (options: ListenOptions) => Server,
): HttpListener {
  const { current } = certificates;
  if (current === null) return as_listener(serve({ port }), port);
  // Any other server could take a shared port as well: it is asked for alone first.
  const alone = serve({ port });
  const shared = alone.port ?? port;
  void alone.stop(true);

  const servers = new Set<Server>();
  const begin = (tls: Certificate): Server => {
    const server = serve({ port: shared, tls, reusePort: true });
    servers.add(server);
    return server;
  };
  let newest = begin(current);
  const subscription = certificates.on_change((certificate) => {
    const former = newest;
    newest = begin(certificate);
    void former.stop().then(() => servers.delete(former));
  });
  return {
    port: shared,
    async stop(close_connections) {
      subscription[Symbol.dispose]();
      await Promise.all(Array.from(servers, (server) => server.stop(close_connections)));
    },
  };
}

const as_listener = (server: Server, port: number): HttpListener => ({
  port: server.port ?? port,
  stop: (close_connections) => server.stop(close_connections),
});
