/**
 * What arrives is sent on to another collector: from the queue, with a cursor of its own.
 *
 * `start_forwarder` sends every request that was acknowledged, in order and at least once, as OTLP over HTTP in protobuf. The
 * queue keeps what was not sent yet, beside what is not stored yet (`TrimGate`), up to a size; beyond it the oldest is passed
 * over, with an error in the log and a count: what is stored here does not depend on the other side. Nothing ends it but `stop`.
 */
export { type Forwarder, type ForwarderOptions, start_forwarder } from "./forwarder.ts";
export { TrimGate } from "./trim-gate.ts";
