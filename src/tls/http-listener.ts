import type { Certificate, Certificates } from "./certificates.ts";

type Server = Bun.Server<undefined>;

/** Makes a server of Bun's that listens at a port. */
export type Serve = (port: number, tls: Certificate | undefined) => Server;

/** As Bun's server: `stop` listens no longer, and resolves when its connections have ended; or ends them with `true`. */
export type HttpListener = { readonly port: number; stop(close_connections?: boolean): Promise<void> };

/**
 * Runs a server that shows the certificate of the moment. Bun 1.4's `reload` takes a new one and goes on showing the
 * old, so that each certificate gets a server of its own, at the same port, in the same turn of the event loop.
 */
export function listen_http(certificates: Certificates, port: number, serve: Serve): HttpListener {
  const servers = new Set<Server>();
  let newest = begin(port, certificates.current ?? undefined);
  const subscription = certificates.on_change((certificate) => {
    const former = newest;
    void former.stop().then(() => servers.delete(former));
    newest = begin(former.port ?? port, certificate);
  });
  return {
    port: newest.port ?? port,
    async stop(close_connections) {
      subscription[Symbol.dispose]();
      await Promise.all(Array.from(servers, (server) => server.stop(close_connections)));
    },
  };

  function begin(at: number, tls: Certificate | undefined): Server {
    const server = serve(at, tls);
    servers.add(server);
    return server;
  }
}
