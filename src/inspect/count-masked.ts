import type { Config } from "../config/index.ts";
import { RequestWriter } from "../encode/index.ts";
import { Masker, mask_rules } from "../mask/index.ts";
import { otlp_json_to_protobuf } from "../receive/index.ts";
import { with_rows } from "./export.ts";

const ALL_ROWS = { since_us: null, until_us: null, service_name: null, trace_id: null };
const REQUEST_SPANS_MAX = 512;
const REQUEST_CHARACTERS_MAX = 4 * 1024 * 1024;

/** What masking would do: to so many spans, and how often each rule would be applied. */
export type MaskedCounts = { span_count: number; counts: Map<string, number> };

/**
 * Applies the masking rules of the settings to requests made of all that is stored, and throws the result away. Rejects with
 * InspectError, BackupError or StoreError.
 */
export function count_masked(config: Config): Promise<MaskedCounts> {
  const rules = mask_rules(config);
  const masker = new Masker(rules);
  const counts = new Map([...rules.keys, ...rules.patterns].map(({ name }) => [name, 0]));
  const request = new RequestWriter();
  const encoder = new TextEncoder();
  const mask_request = () => {
    const { counts: of_request } = masker.mask(otlp_json_to_protobuf(encoder.encode(request.take())));
    for (const [rule, count] of of_request) counts.set(rule, (counts.get(rule) ?? 0) + count);
  };
  return with_rows(config, null, async (rows) => {
    let span_count = 0;
    for await (const { row, patches } of rows.spans_with_patches(ALL_ROWS)) {
      request.add(row, patches);
      span_count++;
      if (request.span_count === REQUEST_SPANS_MAX || request.length >= REQUEST_CHARACTERS_MAX) mask_request();
    }
    if (request.span_count > 0) mask_request();
    return { span_count, counts };
  });
}
