import { join } from "node:path";

/** `path` is where the page asks for it; that of the page itself is /index.html. */
export type StudioFile = { path: string; content_type: string; content: Uint8Array<ArrayBuffer> };

const ENTRY = join(import.meta.dir, "page", "index.html");

/** Bundles the page. In the executable scripts/executable.ts puts the files themselves in this module's place. */
export async function studio_files(): Promise<StudioFile[]> {
  const { outputs } = await Bun.build({
    entrypoints: [ENTRY],
    target: "browser",
    minify: true,
    publicPath: "/",
    naming: { entry: "[name].[ext]", chunk: "studio/[name]-[hash].[ext]", asset: "studio/[name]-[hash].[ext]" },
    define: { "process.env.NODE_ENV": '"production"' },
  });
  return Promise.all(
    outputs.map(async (output) => ({
      path: output.path.replace(/^\.?\/?/, "/"),
      content_type: output.type,
      content: new Uint8Array(await output.arrayBuffer()),
    })),
  );
}
