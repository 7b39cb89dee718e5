/** What was used last, up to so many bytes. */
export class ByteLru<Key extends object, Value> {
  /** The one used last at the end. */
  private readonly entries = new Map<Key, { value: Value; bytes: number }>();
  private bytes = 0;

  constructor(private readonly bytes_max: number) {}

  get(key: Key): Value | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry.value;
  }

  /** `bytes`: about what the value takes. One that takes an eighth of all room, or more, is not kept. */
  put(key: Key, value: Value, bytes: number): void {
    this.drop(key);
    if (bytes * 8 >= this.bytes_max) return;
    this.entries.set(key, { value, bytes });
    this.bytes += bytes;
    for (const oldest of this.entries.keys()) {
      if (this.bytes <= this.bytes_max) return;
      this.drop(oldest);
    }
  }

  private drop(key: Key): void {
    this.bytes -= this.entries.get(key)?.bytes ?? 0;
    this.entries.delete(key);
  }
}
