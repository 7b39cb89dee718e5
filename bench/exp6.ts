import { DecodedBatch } from "../src/decode/index.ts";
import { open_store } from "../src/store/index.ts";
import { Corpus } from "./corpus.ts";
import { Random } from "./random.ts";
import { template_of, unique_copy } from "./unique-request.ts";
import { create_logger } from "../src/observe/index.ts";
import { rmSync } from "node:fs";
rmSync("/tmp/x/st", { recursive: true, force: true });
const store = await open_store(
  { path: "/tmp/x/st/traces.duckdb", memory_bytes: 1 << 30, threads: 2 },
  create_logger("info"),
);
const corpus = new Corpus(new Random());
const t0 = BigInt(Date.now()) * 1000000n;
const tpl = Array.from({ length: 60 }, () => template_of(corpus.request(512, t0)));
const b = new DecodedBatch();
const cpu = () => {
  const u = process.cpuUsage();
  return u.user + u.system;
};
const N = Number(process.argv[2] ?? 300000);
let k = 0,
  n = 0;
let tdec = 0,
  tapp = 0,
  cdec = 0,
  capp = 0;
const key = () => {
  const x = new Uint8Array(16);
  new DataView(x.buffer).setUint32(0, ++k);
  return x;
};
const start = performance.now(),
  c00 = cpu();
let num = 0;
while (n < N) {
  const reqs = Array.from({ length: 32 }, () => unique_copy(tpl[num % 60], ++num, BigInt(num) * 20000000n));
  b.clear();
  let c0 = cpu(),
    t = performance.now();
  for (const r of reqs) b.decode_request(r);
  tdec += performance.now() - t;
  cdec += cpu() - c0;
  t = performance.now();
  c0 = cpu();
  n += b.spans.row_count;
  const r = await store.append(b, [], { source: "q", last_key: key() });
  tapp += performance.now() - t;
  capp += cpu() - c0;
  if (r.duplicate_spans) console.log("dups", r.duplicate_spans);
}
console.log(
  "appended",
  n,
  "wall",
  (((performance.now() - start) / n) * 1e3).toFixed(2),
  "dec",
  ((tdec / n) * 1e3).toFixed(2),
  "app",
  ((tapp / n) * 1e3).toFixed(2),
  "cpu dec",
  (cdec / n).toFixed(2),
  "cpu app",
  (capp / n).toFixed(2),
);
const t2 = performance.now(),
  c2 = cpu();
await store.seal();
console.log(
  "final seal ms",
  (performance.now() - t2).toFixed(0),
  "cpu ms",
  ((cpu() - c2) / 1000).toFixed(0),
  "total cpu/span",
  ((cpu() - c00) / n).toFixed(2),
  "rss",
  process.memoryUsage().rss >> 20,
);
await store[Symbol.asyncDispose]();
