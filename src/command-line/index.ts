/**
 * The command line: reads arguments and settings, starts what was asked for and waits for the signal to stop.
 *
 * `run` resolves to the exit code: 0, 1 when something could not start or stop, 2 when it was asked for something that
 * there is not. Then exactly one line on standard error says what. DuckDB is loaded only by what needs it.
 */
export { run } from "./run.ts";
