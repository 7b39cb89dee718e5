import { expect, it } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { open_wal_reader, type Ulid, type WalEntry, type WalReader } from "../../src/wal/index.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { temp_queue, type TempQueue } from "../support/temp-queue.ts";

const ROUNDS = 150;
const SEGMENT_HEADER_BYTES = 52;
const RECORD_HEADER_BYTES = 40;

/** Where a record lies. */
type Written = { path: string; start: number; end: number; body: string };

/** Commits of random size, in segments of a few kilobytes and over several starts; the last of them has nothing. */
async function fill(queue: TempQueue, random: SeededRandom): Promise<void> {
  let number = 0;
  for (let start = 0; start < 3; start++) {
    await using wal = queue.open({ bytes_max: 40_000 });
    for (let commit = 0; commit < 6; commit++) {
      const bodies = Array.from({ length: random.between(1, 4) }, () =>
        Buffer.alloc(random.between(8, 800), `${number++} `),
      );
      await Promise.all(bodies.map((body) => wal.append(body, random.between(1, 3))));
    }
  }
  await queue.open()[Symbol.asyncDispose]();
}

function records_of(queue: TempQueue, entries: readonly WalEntry[]): Written[] {
  const left = [...entries];
  return queue.files().flatMap((path) => {
    const { length } = readFileSync(path);
    const records: Written[] = [];
    for (let start = SEGMENT_HEADER_BYTES; start < length;) {
      const body = Buffer.from(left.shift()?.body ?? "").toString();
      const end = start + RECORD_HEADER_BYTES + body.length;
      records.push({ path, start, end, body });
      start = end;
    }
    return records;
  });
}

/** Overwrites some bytes behind a segment's header, and gives which. */
function damage(path: string, random: SeededRandom): { start: number; end: number } | null {
  const file = readFileSync(path);
  if (file.length <= SEGMENT_HEADER_BYTES) return null;
  const start = random.between(SEGMENT_HEADER_BYTES, file.length - 1);
  const end = Math.min(file.length, start + random.between(1, 1_500));
  const bytes = random.chance(0.5) ? random.bytes(end - start) : Buffer.alloc(end - start);
  // Not one byte as it was, so that what is touched is damaged.
  for (let at = start; at < end; at++) file[at] = bytes[at - start] === file[at] ? file[at] ^ 1 : bytes[at - start];
  writeFileSync(path, file);
  return { start, end };
}

function read_all(reader: WalReader, random: SeededRandom): WalEntry[] {
  const all: WalEntry[] = [];
  let after: Ulid | null = null;
  for (;;) {
    const limits = { span_count_max: random.between(1, 20), bytes_max: random.between(1, 3_000) };
    const entries: WalEntry[] = reader.read(after, limits);
    if (entries.length === 0) return all;
    all.push(...entries);
    after = entries[entries.length - 1].last_key;
  }
}

it("costs the entries that it touches, and no others, wherever it is", async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  for (let round = 0; round < ROUNDS; round++) {
    const random = new SeededRandom(seed + round);
    using queue = temp_queue();
    await fill(queue, random);
    const entries = queue.read();
    const records = records_of(queue, entries);
    const touched = new Set<string>();
    for (let i = random.between(1, 3); i > 0; i--) {
      const path = queue.files()[random.between(0, queue.files().length - 1)];
      const range = damage(path, random);
      if (range === null) continue;
      for (const record of records) {
        if (record.path === path && record.start < range.end && record.end > range.start) touched.add(record.body);
      }
    }
    using reader = open_wal_reader(queue.directory);
    const read = read_all(reader, random);
    const whole = read.filter(({ is_damaged }) => !is_damaged);
    const expected = entries.filter(({ body }) => !touched.has(Buffer.from(body).toString()));
    expect({ seed: seed + round, whole }).toEqual({ seed: seed + round, whole: expected });
    for (const [index, { first_key }] of read.slice(1).entries()) {
      expect(Buffer.compare(first_key, read[index].last_key)).toBeGreaterThan(0);
    }
  }
}, 60_000);
