import { PlainDisk, PlainStore } from "./contract/plain-store.ts";
import { describe_span_store } from "./contract/span-store.ts";

const disks = new Map<string, PlainDisk>();

// Holds the suite to what a store promises: here is one without files, tables, threads or SQL that passes it.
describe_span_store("a plain list", async (directory, { hot_rows_max } = { hot_rows_max: Infinity }) => {
  const disk = disks.get(directory) ?? new PlainDisk();
  disks.set(directory, disk);
  return new PlainStore(disk, hot_rows_max);
});
