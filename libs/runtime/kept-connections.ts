/**
 * For an HTTP agent: connections are kept alive between requests, but idle ones at most this long. A server may close an
 * idle connection at any time, and a request sent at that moment is lost and retried. Services sleep between their runs
 * for longer than servers wait, so the client closes first (as Node's own agent does).
 * Source: `new Agent(options)` of Node's `http` module, times in milliseconds.
 */
export const KEPT_CONNECTIONS = { keepAlive: true, timeout: 5_000 } as const;
