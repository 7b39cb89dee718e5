import { dlopen } from "bun:ffi";

/** The system may take pages back: what is read there next comes from the file, or is zero. */
export const MADV_DONTNEED = 4;

let opened: ReturnType<typeof open_madvise>;

/** The system's call, or null where there is none. */
export const madvise = () => (opened === undefined ? (opened = open_madvise()) : opened);

function open_madvise() {
  if (process.platform !== "linux") return null;
  for (const name of ["libc.so.6", "libc.so"]) {
    try {
      return dlopen(name, { madvise: { args: ["u64", "u64", "i32"], returns: "i32" } }).symbols.madvise;
    } catch {
      // glibc has the first name, musl the second.
    }
  }
  return null;
}
