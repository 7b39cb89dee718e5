import type { KeyHash } from "../keys/key-hash.ts";

const MAGIC = 0x31584a52;
const HEADER_WORDS = 4;

export type RowRange = { first: number; end: number };

/** Where in a segment the rows of a trace and those of a service's lists are, without reading them. */
export class RowIndex {
  /**
   * @param listed By row, as far as rows are listed: the first half of its trace's hash.
   * @param traces Of the rows behind, which are in the order of traces, by trace: the same.
   * @param trace_ends By trace: the row behind its last one.
   * @param services The listed rows of each service.
   */
  constructor(
    private readonly listed: Uint32Array,
    private readonly traces: Uint32Array,
    private readonly trace_ends: Uint32Array,
    private readonly services: ReadonlyMap<string, RowRange>,
  ) {}

  /** Reads what `bytes` gives. Throws when it is something else. */
  static read(content: Uint8Array): RowIndex {
    const { buffer, byteOffset, length } = content;
    const words = (at: number, count: number) => new Uint32Array(buffer, byteOffset + at * 4, count);
    if (length < HEADER_WORDS * 4 || words(0, 1)[0] !== MAGIC) throw new Error("not a row index");
    const [, listed_count, trace_count, services_bytes] = words(0, HEADER_WORDS);
    const services_at = (HEADER_WORDS + listed_count + 2 * trace_count) * 4;
    if (services_at + services_bytes !== length) throw new Error("the row index has a wrong length");
    const services: unknown = JSON.parse(Buffer.from(content.subarray(services_at)).toString());
    return new RowIndex(
      words(HEADER_WORDS, listed_count),
      words(HEADER_WORDS + listed_count, trace_count),
      words(HEADER_WORDS + listed_count + trace_count, trace_count),
      new Map(services as [string, RowRange][]),
    );
  }

  /** As it lies in a file: four words (magic, listed rows, traces, bytes of the services), then the arrays and JSON. */
  get bytes(): Uint8Array {
    const services = Buffer.from(JSON.stringify([...this.services]));
    const header = Uint32Array.of(MAGIC, this.listed.length, this.traces.length, services.length);
    const arrays = [header, this.listed, this.traces, this.trace_ends];
    return Buffer.concat([
      ...arrays.map((array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)),
      services,
    ]);
  }

  /** Rows, ascending, among which are all those of the trace; one in millions of others. */
  trace_rows({ first: hash }: KeyHash): number[] {
    const { listed, traces, trace_ends } = this;
    const rows: number[] = [];
    for (let row = 0; row < listed.length; row++) if (listed[row] === hash) rows.push(row);
    for (let trace = 0; trace < traces.length; trace++) {
      if (traces[trace] !== hash) continue;
      for (let row = trace === 0 ? listed.length : trace_ends[trace - 1]; row < trace_ends[trace]; row++)
        rows.push(row);
    }
    return rows;
  }

  service_rows(service_name: string): RowRange {
    return this.services.get(service_name) ?? { first: 0, end: 0 };
  }
}

/** Makes an index of rows that are added in their order. */
export class RowIndexBuilder {
  private readonly listed: number[] = [];
  private readonly traces: number[] = [];
  private readonly trace_ends: number[] = [];
  private readonly services = new Map<string, RowRange>();
  private row_count = 0;

  add_listed(trace: KeyHash, service_name: string): void {
    this.listed.push(trace.first);
    const first = this.services.get(service_name)?.first ?? this.row_count;
    this.services.set(service_name, { first, end: ++this.row_count });
  }

  /** Behind all that are listed. */
  add(trace: KeyHash): void {
    const { traces, trace_ends } = this;
    if (traces.at(-1) !== trace.first) traces.push(trace.first);
    trace_ends[traces.length - 1] = ++this.row_count;
  }

  get index(): RowIndex {
    const [listed, traces, ends] = [this.listed, this.traces, this.trace_ends].map((list) => Uint32Array.from(list));
    return new RowIndex(listed, traces, ends, this.services);
  }
}
