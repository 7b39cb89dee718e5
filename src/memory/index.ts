/**
 * Memory that a server has no more use for.
 *
 * `let_go_of_start_code` gives back the pages of program text that the start has touched; what is used again comes back
 * from the system's cache of files, a page fault at a time. It changes nothing else, and nothing at all on systems other
 * than Linux. `give_back` does the same with memory of our own. `BufferGarbage` has the collector come in time.
 */
export { BufferGarbage } from "./buffer-garbage.ts";
export { give_back } from "./give-back.ts";
export { let_go_of_start_code } from "./start-code.ts";
