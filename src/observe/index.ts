/** Logs and metrics: what an operator sees. Any room may write to them; they know nothing of any room. */
export { create_logger, type Logger } from "./log.ts";
export { create_metrics, type Metrics } from "./metrics.ts";
