/**
 * For an HTTP agent: connections are kept between calls, but not idle ones for longer than this. A server closes an
 * idle connection when it likes, and a request that is on its way at that moment is lost and made again. Services
 * sleep between their runs for longer than servers wait, so they close first (as Node's own agent does).
 * Source: `new Agent(options)` of Node's `http` module, times in milliseconds.
 */
export const KEPT_CONNECTIONS = { keepAlive: true, timeout: 5_000 } as const;
