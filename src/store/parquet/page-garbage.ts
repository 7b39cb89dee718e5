import { BufferGarbage } from "../../memory/index.ts";

const BYTES_MAX = 32 * 1024 * 1024;

/** Pages that a thread has written, or read to write them again. */
export const page_garbage = new BufferGarbage(BYTES_MAX);
