import type { KeyHash } from "./key-hash.ts";
import { KeySet } from "./key-set.ts";
import { Bloom } from "./bloom.ts";
import { HashList, hash_list_bytes } from "./hash-list.ts";

/** What can be asked of a set of spans without reading them. "No" is certain. */
export interface KeyIndex {
  may_hold_trace(trace: KeyHash): boolean;
  may_hold_span(span: KeyHash): boolean;
  /** Whether the trace has an LLM span here: by all 64 bits of its hash. */
  has_llm_trace(trace: KeyHash): boolean;
}

/** The hashes of a set of spans, while it grows. */
export class SegmentKeys implements KeyIndex {
  readonly traces = new KeySet();
  readonly spans = new KeySet();
  readonly llm_traces = new KeySet();

  may_hold_trace(trace: KeyHash): boolean {
    return this.traces.find(trace) >= 0;
  }

  may_hold_span(span: KeyHash): boolean {
    return this.spans.find(span) >= 0;
  }

  has_llm_trace(trace: KeyHash): boolean {
    return this.llm_traces.find(trace) >= 0;
  }
}

/** A wrong yes costs a look into a file: one in 15,000. */
const TRACE_BITS = 20;
/** Asked only where the trace is held too: one in 300. */
const SPAN_BITS = 12;

const MAGIC = 0x3146544a;
const HEADER_WORDS = 4;

/**
 * The same for spans that change no more, in a few bits each, as it lies in a file: the four words magic, bytes of the
 * trace filter, of the span filter and of the list of LLM traces, then the three.
 */
export class SegmentFilter implements KeyIndex {
  private readonly traces: Bloom;
  private readonly spans: Bloom;
  private readonly llm_traces: HashList;

  /** Throws when the bytes are not a filter. */
  constructor(bytes: Uint8Array) {
    const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (bytes.length < HEADER_WORDS * 4 || header.getUint32(0, true) !== MAGIC) throw new Error("not a segment filter");
    const lengths = [1, 2, 3].map((word) => header.getUint32(word * 4, true));
    const [traces, spans, llm_traces] = lengths;
    const start = HEADER_WORDS * 4;
    if (start + traces + spans + llm_traces !== bytes.length) throw new Error("the segment filter has a wrong length");
    this.traces = new Bloom(bytes.subarray(start, start + traces), TRACE_BITS);
    this.spans = new Bloom(bytes.subarray(start + traces, start + traces + spans), SPAN_BITS);
    this.llm_traces = new HashList(bytes.subarray(start + traces + spans));
  }

  may_hold_trace(trace: KeyHash): boolean {
    return this.traces.may_have(trace);
  }

  may_hold_span(span: KeyHash): boolean {
    return this.spans.may_have(span);
  }

  has_llm_trace(trace: KeyHash): boolean {
    return this.llm_traces.has(trace);
  }
}

/** The file of a SegmentFilter. */
export function filter_bytes({ traces, spans, llm_traces }: SegmentKeys): Uint8Array {
  const parts = [Bloom.of(traces, TRACE_BITS).bytes, Bloom.of(spans, SPAN_BITS).bytes, hash_list_bytes(llm_traces)];
  const header = new Uint32Array([MAGIC, ...parts.map(({ length }) => length)]);
  return Buffer.concat([new Uint8Array(header.buffer), ...parts]);
}
