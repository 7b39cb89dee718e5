import type { StudioFile } from "./bundle.ts";

/**
 * The web page, as files that are part of the program and ask no other host for anything.
 *
 * `open_studio` gives what answers a request for it: the page for every path that a person may have in their address bar, its
 * parts under /studio/. From source it is bundled when it is first asked for (a second or two); the executable has it ready.
 */
export type Studio = {
  /** Null: that is nothing of the page's. */
  answer: (request: Request) => Promise<Response | null>;
};

/** Nothing from elsewhere. Charts and graphs set styles on elements that they make; everything that runs comes from here. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const PAGE = "/index.html";
/** Names of files in here have a hash of what is in them. */
const PARTS = "/studio/";

export function open_studio(): Studio {
  let files: Promise<ReadonlyMap<string, PackedFile>> | null = null;
  return {
    answer: async (request) => {
      const { pathname } = new URL(request.url);
      const is_part = pathname.startsWith(PARTS);
      if (!is_part && !wants_page(request)) return null;
      // What failed may not fail again: a file that was being written, from source.
      files ??= packed_files().catch((error: unknown) => {
        files = null;
        throw error;
      });
      const file = (await files).get(is_part ? pathname : PAGE);
      return file === undefined ? null : answer_with(file, request, is_part);
    },
  };
}

type PackedFile = { content_type: string; content: Uint8Array<ArrayBuffer>; gzipped: Uint8Array<ArrayBuffer> };

/** A browser that was given an address, not a program that asks for JSON. */
const wants_page = ({ method, headers }: Request): boolean =>
  (method === "GET" || method === "HEAD") && (headers.get("accept") ?? "").includes("text/html");

async function packed_files(): Promise<Map<string, PackedFile>> {
  // Loaded when it is needed: from source it is a bundler and the whole page.
  const { studio_files } = await import("./bundle.ts");
  return new Map((await studio_files()).map((file) => [file.path, packed(file)]));
}

const packed = ({ content_type, content }: StudioFile): PackedFile => ({
  content_type,
  content,
  gzipped: Bun.gzipSync(content),
});

function answer_with({ content_type, content, gzipped }: PackedFile, request: Request, is_part: boolean): Response {
  const is_gzip_known = (request.headers.get("accept-encoding") ?? "").includes("gzip");
  return new Response(request.method === "HEAD" ? null : is_gzip_known ? gzipped : content, {
    headers: {
      "content-type": content_type,
      "content-security-policy": CONTENT_SECURITY_POLICY,
      "cache-control": is_part ? "public, max-age=31536000, immutable" : "no-cache",
      vary: "accept, accept-encoding",
      ...(is_gzip_known && { "content-encoding": "gzip" }),
    },
  });
}
