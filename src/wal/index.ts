/** The durable queue between the receivers and the store. */
export { WalError, type Ulid, type Wal, type WalEntry, type WalErrorCode, type WalReader } from "./types.ts";
