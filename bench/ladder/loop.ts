import { type Answered, quantiles } from "./questions.ts";

const TIMES = 500;
export const LOOP_MS = 4;
const CALIBRATION_ROUNDS = 3_000_000;

/**
 * How long a loop takes that takes LOOP_MS when nothing comes between, again and again: what the machine alone adds to an
 * answer that takes as long. Its median is above that where the machine has become slower meanwhile.
 */
export function loop_times(): Answered {
  const rounds = Math.round((CALIBRATION_ROUNDS * LOOP_MS) / least_ms(CALIBRATION_ROUNDS));
  return quantiles(Array.from({ length: TIMES }, () => loop_ms(rounds)));
}

const least_ms = (rounds: number): number => Math.min(...Array.from({ length: 20 }, () => loop_ms(rounds)));

function loop_ms(rounds: number): number {
  const began_ms = performance.now();
  let value = 1;
  for (let round = 0; round < rounds; round++) value = (Math.imul(value, 31) + round) | 0;
  const taken_ms = performance.now() - began_ms;
  // What nobody looks at might never be worked out.
  if (Number.isNaN(value)) throw new Error("unreachable: it is an integer");
  return taken_ms;
}
