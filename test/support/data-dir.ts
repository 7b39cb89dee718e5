import { join } from "node:path";
import { type Config, load_config } from "../../src/config/index.ts";
import { type FileBackedStore, open_store, type StoreOptions } from "../../src/store/index.ts";
import { event_init, type SpanInit, span_init, text_attributes } from "./otlp.ts";
import { STORE_OPTIONS } from "./store.ts";

/** The settings of a data directory, and nothing else set. */
export const config_of = (data_dir: string): Config => load_config({ flags: { data_dir }, env: {} });

/** A store where a server on this data directory would have it. */
export const open_data_store = (data_dir: string, options: Partial<StoreOptions> = {}): Promise<FileBackedStore> =>
  open_store({ path: join(data_dir, "duckdb", "traces.duckdb"), ...STORE_OPTIONS, ...options });

/** A span with two state patches, which are derived from it. */
export const patched_span = (init: SpanInit = {}): SpanInit =>
  with_patches(
    [1, 2].map((step) => `[{"op":"add","path":"/step","value":${step}}]`),
    init,
  );

/** A span with two state patches that are rows of their own. */
export const plainly_patched_span = (): SpanInit => with_patches(["not JSON", "nor this"], {});

const with_patches = (patches: readonly string[], init: SpanInit): SpanInit =>
  span_init({
    attributes: text_attributes({ "junjo.span_type": "node", "junjo.id": "n1", "junjo.parent_id": "w1" }),
    events: patches.map((patch) => event_init("set_state", { "junjo.state_json_patch": patch })),
    ...init,
  });
