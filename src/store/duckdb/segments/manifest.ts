import { z } from "zod";

/** Microseconds since 1970, as text: OTLP's last moments are beyond 2^53. */
const time_us = z.string().regex(/^-?\d+$/);
const count = z.int().min(0);

const SERVICE_SCHEMA = z.object({
  service_name: z.string(),
  span_count: count,
  root_count: count,
  /** Roots of traces that have an LLM span in this segment. */
  llm_root_count: count,
  workflow_count: count,
  /** Of its roots and workflows; null if it has none. */
  min_listed_us: time_us.nullable(),
  max_listed_us: time_us.nullable(),
});

/** A service's row of sql/service-figures.sql, where DuckDB writes whole numbers as text. */
const whole = z.coerce.number().pipe(count);
const FIGURES_SCHEMA = SERVICE_SCHEMA.extend({
  span_count: whole,
  root_count: whole,
  llm_root_count: whole,
  workflow_count: whole,
  min_start_us: time_us,
  max_start_us: time_us,
});

const MANIFEST_SCHEMA = z.object({
  /** From 2 on, spans.parquet has what state patches can be derived from, and patches that can be are nowhere else. */
  format: z.literal([1, 2]),
  segment_id: z.string(),
  sealed_at: z.iso.datetime(),
  /** How far each source was stored once this segment was: its last key in hex. */
  positions: z.array(z.object({ source: z.string(), last_key: z.string() })),
  /** The segments whose rows these are. */
  replaces: z.array(z.string()),
  span_count: count,
  /** All of them, derived ones too. */
  patch_count: count,
  trace_count: count,
  /** What its rows take in memory. */
  decoded_bytes: count,
  min_start_us: time_us,
  max_start_us: time_us,
  services: z.array(SERVICE_SCHEMA),
  files: z.array(z.object({ name: z.string(), bytes: count, crc32: count })),
});

/** What a segment says of itself, in its segment.json: enough to make the catalog anew. */
export type SegmentManifest = z.infer<typeof MANIFEST_SCHEMA>;
export type ServiceFigures = z.infer<typeof SERVICE_SCHEMA>;

/** Throws when the text is not a manifest. */
export const parse_manifest = (text: string): SegmentManifest => MANIFEST_SCHEMA.parse(JSON.parse(text));

/** Throws when these are not rows of sql/service-figures.sql. */
export const parse_figures = (rows: unknown): z.infer<typeof FIGURES_SCHEMA>[] => z.array(FIGURES_SCHEMA).parse(rows);
