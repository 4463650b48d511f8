import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** One request that reached the server. */
export interface BybitRequest {
  readonly path: string;
  readonly params: URLSearchParams;
  /** The request line and all headers, as sent. */
  readonly text: string;
}

/** What the server does with a request. */
export type BybitAnswer =
  | {
      readonly kind: "json";
      readonly body: unknown;
      readonly status?: number;
      readonly headers?: Record<string, string>;
    }
  | { readonly kind: "text"; readonly text: string; readonly status?: number }
  /** Closes the connection without an answer. */
  | { readonly kind: "drop" }
  /** Never answers. */
  | { readonly kind: "silence" }
  /** Sends a byte now and then, without end. */
  | { readonly kind: "drip" };

export interface BybitServer {
  readonly url: string;
  readonly requests: BybitRequest[];
  /** The most requests that were in work at the same time. */
  peak(): number;
  close(): Promise<void>;
}

/** A real HTTP server on 127.0.0.1 that answers as the script says. */
export async function startBybitServer(
  script: (request: BybitRequest, index: number) => BybitAnswer | Promise<BybitAnswer>,
): Promise<BybitServer> {
  const requests: BybitRequest[] = [];
  let running = 0;
  let peak = 0;
  const server = createServer(async (incoming, outgoing) => {
    const url = new URL(incoming.url ?? "/", "http://127.0.0.1");
    const text = `${incoming.method} ${incoming.url}\n${incoming.rawHeaders.join("\n")}`;
    const request = { path: url.pathname, params: url.searchParams, text };
    requests.push(request);
    running++;
    peak = Math.max(peak, running);
    const answer = await script(request, requests.length - 1);
    running--;
    switch (answer.kind) {
      case "json":
        outgoing.writeHead(answer.status ?? 200, { "content-type": "application/json", ...answer.headers });
        outgoing.end(JSON.stringify(answer.body));
        return;
      case "text":
        outgoing.writeHead(answer.status ?? 200, { "content-type": "text/html" });
        outgoing.end(answer.text);
        return;
      case "drop":
        incoming.socket.destroy();
        return;
      case "silence":
        return;
      case "drip": {
        outgoing.writeHead(200, { "content-type": "application/json" });
        const timer = setInterval(() => outgoing.write(" "), 10);
        outgoing.on("close", () => clearInterval(timer));
      }
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // Never a pipe's name: it listens on a port.
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    peak: () => peak,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A v5 body of success. */
export function ok(result: unknown, timeMs = 1_750_000_000_000): BybitAnswer {
  return { kind: "json", body: { retCode: 0, retMsg: "OK", result, retExtInfo: {}, time: timeMs } };
}

/** A v5 body of failure, HTTP 200. */
export function failure(
  retCode: number,
  retMsg: string,
  options: { timeMs?: number; headers?: Record<string, string> } = {},
): BybitAnswer {
  const { timeMs = 1_750_000_000_000, headers = {} } = options;
  return { kind: "json", headers, body: { retCode, retMsg, result: {}, retExtInfo: {}, time: timeMs } };
}

/** A symbol's candles as an exchange holds them. */
export interface ListedCandles {
  readonly symbol: string;
  readonly intervalMs: number;
  /** Open time of the first candle. */
  readonly listedMs: number;
  /** The exchange's clock. */
  readonly nowMs: number;
  /** Candles the exchange has lost, by open time. */
  readonly isMissing?: (openMs: number) => boolean;
}

/** The printed row of a candle: figures that differ from those of its neighbours. */
export function candleRow(openMs: number, intervalMs: number): string[] {
  const n = openMs / intervalMs;
  const open = 100 + (n % 997) / 100;
  const close = 100 + ((n + 1) % 997) / 100;
  const high = Math.max(open, close) + 0.5;
  const low = Math.min(open, close) - 0.25;
  return [openMs, open, high, low, close, n % 13, 1234.5].map(String);
}

/**
 * The rows of a kline request as Bybit gives them: newest first, both ends inclusive, the running candle
 * among them, at most `limit`.
 */
export function klineRows(listed: ListedCandles, params: URLSearchParams): string[][] {
  const { intervalMs, listedMs, nowMs, isMissing = () => false } = listed;
  const start = Math.max(Number(params.get("start")), listedMs);
  const end = Math.min(Number(params.get("end")), nowMs);
  const limit = Number(params.get("limit") ?? "200");
  const rows: string[][] = [];
  for (
    let open = Math.floor(end / intervalMs) * intervalMs;
    open >= start && rows.length < limit;
    open -= intervalMs
  ) {
    if (!isMissing(open)) rows.push(candleRow(open, intervalMs));
  }
  return rows;
}

export function klineAnswer(listed: ListedCandles, rows: unknown): BybitAnswer {
  return ok({ category: "linear", symbol: listed.symbol, list: rows }, listed.nowMs);
}
