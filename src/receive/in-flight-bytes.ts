import { ReceiveError } from "./error.ts";

/** Bounds the memory that request bodies take while they are read, whoever sends them and however slowly. */
export class InFlightBytes {
  private held_bytes = 0;

  constructor(private readonly bytes_max: number) {}

  /** Throws ReceiveError `unavailable` when there is no room. */
  take(bytes: number): void {
    if (this.held_bytes + bytes > this.bytes_max) {
      throw new ReceiveError("unavailable", "too many large requests at once, try again later");
    }
    this.held_bytes += bytes;
  }

  give_back(bytes: number): void {
    this.held_bytes -= bytes;
  }
}
