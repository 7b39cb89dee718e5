import { accessSync, constants, createReadStream, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Server } from "../processes.ts";
import { type Answered, answer_ms, answer_times, quantiles, type Question } from "./questions.ts";
import { http_port } from "./stages.ts";

const DROP_CACHES = "/proc/sys/vm/drop_caches";
const COLD_TIMES = 60;
/** Beyond the turns that are measured warm. */
const FIRST_WARMING_TURN = 2_000;
/** A compiler is at work for as long as a thousand traces take. */
const WARMING_ROUNDS = 3;
/** Beyond both. */
const FIRST_COLD_TURN = 5_000;
const COLD_STARTS = 5;
const PIECE_BYTES = 4 * 1024 * 1024;

/** Each question, asked until all that serves it is compiled, and then measured: about other spans. */
export async function ask_warm(server: Server, question: Question): Promise<Answered> {
  for (let round = 0; round < WARMING_ROUNDS; round++) {
    await answer_times(http_port(server), question, FIRST_WARMING_TURN + round * question.times);
  }
  return answer_times(http_port(server), question);
}

/** Has the system keep the store's files in memory, as far as there is room: for warm answers. */
export async function read_files(directory: string): Promise<void> {
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const content = createReadStream(join(entry.parentPath, entry.name), { highWaterMark: PIECE_BYTES });
    for await (const piece of content) void piece;
  }
}

/**
 * Asked of a server that has just started, of files that nobody has read. Where every turn asks for something else, one
 * turn after the other; where all are the same only the first answer is cold, and a few servers are started for it.
 */
export async function ask_cold(start: () => Promise<Server>, question: Question): Promise<Answered> {
  if (question.is_varied) {
    await using server = await start_cold(start);
    return await answer_times(http_port(server), { ...question, times: COLD_TIMES }, FIRST_COLD_TURN);
  }
  const taken_ms: number[] = [];
  for (let turn = 0; turn < COLD_STARTS; turn++) {
    await using server = await start_cold(start);
    taken_ms.push(await answer_ms(http_port(server), question.name, question.ask(turn)));
  }
  return quantiles(taken_ms);
}

/** What warm and cold mean, for whoever reads the table. */
export const legend = (): string =>
  "Warm: files are in memory as far as there is room, and the same has been asked about other spans before. " +
  `Cold: a server that has just started, ${may_forget_files() ? "and no file in memory" : "but files as they are in memory: this user may not have the system forget them"}. ` +
  `A trace and a span: ${COLD_TIMES} of them, one after the other. The others: the first answer of each of ${COLD_STARTS} ` +
  "starts, median and worst.";

function start_cold(start: () => Promise<Server>): Promise<Server> {
  // Has the system forget what it keeps of files in memory.
  if (may_forget_files()) writeFileSync(DROP_CACHES, "1");
  return start();
}

function may_forget_files(): boolean {
  try {
    accessSync(DROP_CACHES, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
