import { join } from "node:path";

// Whoever connects to the socket says HOLD or LEASE, and has it until the connection ends, however it does.
//
// - HOLD: the server says HELD once the store stands still.
// - LEASE: the server says LEASED, a space, and the JSON array of the segments' directories, in one line; their files stay.
//
// The client says COPIED when it has what it wants, and the server CONFIRMED if what it gave was never broken.

export const HOLD = "hold\n";
export const HELD = "held\n";
export const LEASE = "lease\n";
export const LEASED = "leased ";
export const COPIED = "copied\n";
export const CONFIRMED = "confirmed\n";

/** In the data directory: who may enter that may ask, and it always reaches the server that owns those data. */
export const hold_socket_path = ({ data_dir }: { data_dir: string }): string => join(data_dir, "hold.sock");
