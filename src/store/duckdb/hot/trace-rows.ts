const NONE = -1;
const ROOM_INITIAL = 1024;

/** Which rows each trace has, by the trace's number. */
export class TraceRows {
  /** By trace: its last row. */
  private last: Int32Array = new Int32Array(ROOM_INITIAL).fill(NONE);
  /** By row: the one before it of the same trace. */
  private previous: Int32Array = new Int32Array(ROOM_INITIAL);

  add(trace_number: number, row: number): void {
    this.last = with_room(this.last, trace_number, NONE);
    this.previous = with_room(this.previous, row, NONE);
    this.previous[row] = this.last[trace_number];
    this.last[trace_number] = row;
  }

  /** Newest first. */
  of(trace_number: number): number[] {
    const rows: number[] = [];
    if (trace_number < 0 || trace_number >= this.last.length) return rows;
    for (let row = this.last[trace_number]; row !== NONE; row = this.previous[row]) rows.push(row);
    return rows;
  }
}

function with_room(numbers: Int32Array, index: number, filler: number): Int32Array {
  if (index < numbers.length) return numbers;
  const more = new Int32Array(Math.max(index + 1, numbers.length * 2)).fill(filler, numbers.length);
  more.set(numbers);
  return more;
}
