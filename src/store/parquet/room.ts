/** Memory for one thing after the other. */
export class Room {
  private memory = new Uint8Array(0);

  /** So many bytes, with anything in them, until it is asked again. */
  take(length: number): Uint8Array {
    if (this.memory.length < length) this.memory = new Uint8Array(length);
    return this.memory.subarray(0, length);
  }
}
