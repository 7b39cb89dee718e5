// Limits that are not settings: nobody should have to tune them, and each has a reason.

/** Nesting of attribute values (arrays and maps in each other). protobuf libraries stop at about 100 messages. */
export const ATTRIBUTE_DEPTH_MAX = 48;

/** Wire bytes that one store transaction takes at most (one request may be larger and then goes alone). */
export const BATCH_BYTES_MAX = 16 * 1024 * 1024;

/** Spans that one store transaction takes at most: ten vectors of DuckDB. Larger ones gain little and hold the store for longer. */
export const BATCH_SPANS_MAX = 20_480;

/** Decoded text that one batch may grow to; a record that needs more is refused as too large. */
export const BATCH_DECODED_BYTES_MAX = 1024 * 1024 * 1024;

/** From a signal to the end of the process, at most. */
export const SHUTDOWN_MS_MAX = 5_000;

/** Rows of the hot tier at most: enough for few large files, and few enough that reading them again takes seconds. */
export const HOT_ROWS_MAX = 245_760;

/** DuckDB does not get by with less. */
export const DUCKDB_MEMORY_BYTES_MIN = 64 * 1024 * 1024;

/** What DuckDB gets where there is plenty: more makes nothing faster that is asked every day. */
export const DUCKDB_MEMORY_BYTES_DEFAULT_MAX = 1024 * 1024 * 1024;

/** After this long rows are sealed however few they are: until then the queue must keep them too. */
export const HOT_AGE_MS_MAX = 10 * 60_000;

/** A pause between store transactions under constant trickle, so that tiny ones do not eat the CPU. Well under the
 * second within which a span must be visible. */
export const FLUSH_INTERVAL_MS = 50;

/** OTLP requests that are read or answered at the same time, over both protocols; the next is told to try again later. */
export const REQUESTS_IN_FLIGHT_MAX = 4_096;

/** Connections that one listener may have open, where the process may have ten times as many file handles; the next are
 * closed. An exporter needs one or two; each takes a file handle and some 15 KiB. */
export const CONNECTIONS_MAX = 1_024;

/** Calls that one gRPC connection may have open; HTTP/2 clients wait with the next. */
export const GRPC_STREAMS_MAX = 256;

/** Bodies of the largest size that may be in memory at the same time. */
export const LARGEST_BODIES_IN_FLIGHT_MAX = 4;

/** What all calls to one of the small gRPC services may have sent and not yet been answered: keys and positions of a few
 * bytes each, which is room for thousands. */
export const GRPC_QUESTION_BYTES_MAX = 4 * 1024 * 1024;

/** From a request's head to the end of its body: a client slower than this is told to try again. */
export const BODY_READ_MS_MAX = 60_000;

/** What spans that have started and not ended may take in memory: beyond that the oldest are given up. */
export const PENDING_BYTES_MAX = 32 * 1024 * 1024;

/** A span of which nothing was heard for so long has not ended and never will, if its service has gone on without it. */
export const PENDING_QUIET_MS = 5 * 60_000;

/** After a start, before it is said to be ready: files and code that the first questions need. */
export const WARM_UP_MS_MAX = 400;

/** A search gives what it has found by then, and where to go on: whoever looks at a page wants to see something. */
export const SEARCH_MS_MAX = 150;

/** Those who follow what comes in, at once; between two looks; and traces that one look shows. */
export const TAILS_MAX = 16;
export const TAIL_PAUSE_MS = 500;
export const TAIL_TRACES_MAX = 100;

/** One question to the store; it is broken off after that. A long list is several. */
export const QUERY_MS_MAX = 30_000;

/** Questions that DuckDB is to answer and that wait for a connection; the next is told to come again later. */
export const QUERIES_WAITING_MAX = 64;

/** Questions whose rows are looked for in files without DuckDB, at once, and that wait for their turn; the next is told to
 * come again later. More at once are no faster: one thread takes the rows out, and what each finds is in memory. */
export const FILE_QUERIES_AT_ONCE_MAX = 32;
export const FILE_QUERIES_WAITING_MAX = 512;

/** From a list's question to its last row: a slower reader would keep rows from being deleted for ever. */
export const PAGE_READ_MS_MAX = 5 * 60_000;

/** Spans, the newest, of which it is told what they are called and which service calls which: more take seconds, or hundreds
 * of megabytes, to go through. */
export const OPERATIONS_SPANS_MAX = 2_000_000;
export const DEPENDENCIES_SPANS_MAX = 1_000_000;

/** Rows that one SELECT gives at most; what is beyond is cut off, and said to be. */
export const SQL_ROWS_MAX = 10_000;

/** Text of that answer: behind the row that goes beyond it there is none. */
export const SQL_BYTES_MAX = 32 * 1024 * 1024;
