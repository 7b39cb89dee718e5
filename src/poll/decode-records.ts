import { DecodeError, type DecodedBatch } from "../decode/index.ts";
import type { DeadLetter } from "../store/index.ts";
import { single_span_records } from "./span-record.ts";
import type { SpanRecord } from "./types.ts";

/** Decoding holds the thread; after this long others get a turn. */
const TURN_MS = 3;

/** Decodes records into `batch`. What can't be decoded comes back as dead letters, span by span; the rest is in the batch. */
export async function decode_records(
  records: readonly SpanRecord[],
  batch: DecodedBatch,
  source: string,
): Promise<DeadLetter[]> {
  const dead_letters: DeadLetter[] = [];
  let turn_began_ms = performance.now();
  for (const record of records) {
    for (const { first_key, body, reason } of undecodable_parts(record, batch)) {
      dead_letters.push({ source, key: first_key, reason, body });
    }
    if (performance.now() - turn_began_ms > TURN_MS) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      turn_began_ms = performance.now();
    }
  }
  return dead_letters;
}

type Undecodable = SpanRecord & { reason: string };

/** What of a record is not in the batch now: nothing, or the spans at fault, or the whole when it can't be taken apart. */
function undecodable_parts(record: SpanRecord, batch: DecodedBatch): Undecodable[] {
  // Bytes that happen to decode would be a span that nobody has sent.
  if (record.is_damaged) return [{ ...record, reason: "damaged: not the bytes that were queued" }];
  const reason = decode_failure(record.body, batch);
  if (reason === null) return [];
  const spans = single_span_records(record);
  if (spans === null || spans.length < 2) return [{ ...record, reason }];
  return spans.flatMap((span) => {
    const span_reason = decode_failure(span.body, batch);
    return span_reason === null ? [] : [{ ...span, reason: span_reason }];
  });
}

function decode_failure(body: Uint8Array, batch: DecodedBatch): string | null {
  try {
    batch.decode_request(body);
    return null;
  } catch (error) {
    if (error instanceof DecodeError) return `${error.code}: ${error.message}`;
    throw error;
  }
}
