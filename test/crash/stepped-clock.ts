// Loaded before the program (bun --preload): its clock goes wrong by CLOCK_OFFSET_MS, in its Workers too.
export const offset_ms = Number(process.env.CLOCK_OFFSET_MS);
const real_now_ms = Date.now;
Date.now = () => real_now_ms() + offset_ms;

globalThis.Worker = class extends Worker {
  constructor(url: string | URL, options?: WorkerOptions) {
    super(url, { ...options, preload: [import.meta.path] });
  }
};
