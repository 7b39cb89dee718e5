/**
 * A consistent copy of everything that is kept, made while a server runs or not.
 *
 * `make_backup` is what the command does: it copies the store, then the queue, while the store stands still, so that the
 * queue's copy holds all that the store's does not. `serve_holds` is the running server's part: whoever connects to its
 * socket holds the store still until the connection ends. docs/adr/0009 has the reasons. `lease_of_server` asks the same
 * socket for less: that the files of all segments stay while they are read, with everything going on.
 */
export { BackupError, type BackupErrorCode } from "./error.ts";
export { hold_socket_path } from "./hold-protocol.ts";
export { type HoldServer, serve_holds } from "./hold-server.ts";
export { lease_of_server, type ServerLease } from "./lease.ts";
export { type Backup, make_backup } from "./make-backup.ts";
