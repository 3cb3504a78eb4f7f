/** Bytes of a unix socket's path: `sun_path` of sys/un.h holds 108 with the terminating zero. */
export const longestSocketPath = 107;

/** Bytes of one NDJSON line of a stream; a longer one ends the stream. */
export const longestLine = 1 << 20;

/** Bytes a stream's reader may be behind before the server ends the stream. */
export const mostUnreadBytes = 4 << 20;

/** Bytes of a reply's body that a client reads before it gives up. */
export const longestReply = 128 << 20;
