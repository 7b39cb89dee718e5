import { join } from "node:path";

// A connection to the socket is a hold. The server says HELD once the store stands still, the copier COPIED when it has
// what it wants, and the server CONFIRMED if the hold was never broken. However the connection ends, the hold does too.

export const HELD = "held\n";
export const COPIED = "copied\n";
export const CONFIRMED = "confirmed\n";

/** In the data directory: who may enter that may ask, and it always reaches the server that owns those data. */
export const hold_socket_path = ({ data_dir }: { data_dir: string }): string => join(data_dir, "hold.sock");
