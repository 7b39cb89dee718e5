import { fetch_from, type Question, ROOTS, same, select, SERVICE } from "./questions.ts";

const TIMES = 50;
const PAGE_ROWS = 500;
/** Of those pages that only lead to another one. */
const STEP_ROWS_MAX = 10_000;
/** By offset, the rows before the page are read too: nobody goes deep in this way. */
const OFFSET_MAX = 15_000;

/** Pages from the middle of a list, where there are so many rows before them. */
export async function paging_questions(port: number): Promise<Question[]> {
  const middle = Math.floor((await root_count(port)) / 2);
  const offset = Math.min(middle, OFFSET_MAX);
  const name = (row: number, way: string) => `${PAGE_ROWS} roots behind row ${row.toLocaleString("en-US")}, by ${way}`;
  return [
    same(name(middle, "cursor"), TIMES, await path_behind(port, middle)),
    same(name(offset, "offset"), TIMES, `${ROOTS}?limit=${PAGE_ROWS}&offset=${offset}`),
  ];
}

async function root_count(port: number): Promise<number> {
  const sql = `SELECT count(*) FROM spans WHERE service_name = '${SERVICE}' AND parent_span_id IS NULL`;
  const { rows } = (await (await fetch_from(port, select(sql))).json()) as { rows: [[number]] };
  return rows[0][0];
}

/** Follows the links, as whoever reads a list from its beginning. */
async function path_behind(port: number, row: number): Promise<string> {
  let path: string = ROOTS;
  for (let passed = 0; passed < row; passed += STEP_ROWS_MAX) {
    const step = with_limit(path, Math.min(STEP_ROWS_MAX, row - passed));
    const response = await fetch_from(port, { path: step });
    await response.arrayBuffer();
    const [, next] = /^<([^>]+)>/.exec(response.headers.get("link") ?? "") ?? [];
    if (next === undefined) throw new Error(`${step}: ${response.status}, and no page behind it`);
    path = next;
  }
  return with_limit(path, PAGE_ROWS);
}

function with_limit(path: string, limit: number): string {
  const { pathname, searchParams } = new URL(path, "http://localhost");
  searchParams.set("limit", String(limit));
  return `${pathname}?${searchParams.toString()}`;
}
