import { Agent } from "node:https";
import { RestClientV5 } from "bybit-api";
import { KEPT_CONNECTIONS } from "#libs/runtime/kept-connections.ts";

/** Longer than the largest page (1,000 candles, about 100 kB) and all tickers (about 500 kB) by far. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/**
 * An answer's body as the adapter needs it. The SDK hands on neither headers (except when all three of its
 * rate headers are there) nor bodies that are not JSON objects; both are needed to fail well.
 */
export interface BybitReply {
  /** The parsed JSON; undefined when the text is not JSON. */
  readonly body: unknown;
  /** The beginning of a text that is not JSON; null when it is. */
  readonly unparsed: string | null;
  /** `X-Bapi-Limit-Reset-Timestamp`, milliseconds of the exchange's clock. */
  readonly resetAtMs: number | null;
}

export interface TransportOptions {
  /** For example `http://127.0.0.1:8080` for a simulator. The live API when absent. */
  readonly baseUrl?: string | undefined;
  readonly testnet?: boolean | undefined;
  /** Instead of the SDK's five minutes. */
  readonly timeoutMs: number;
  /** Public market data needs none; accepted so that an account's client can be made the same way. */
  readonly credentials?: { readonly key: string; readonly secret: string } | undefined;
}

/** The SDK's client, with our timeout and with answers as `BybitReply` (see `asReply`). */
export function makeRestClient(options: TransportOptions): RestClientV5 {
  return new RestClientV5(
    {
      testnet: options.testnet ?? false,
      ...(options.baseUrl === undefined ? {} : { baseUrl: options.baseUrl.replace(/\/+$/, "") }),
      ...options.credentials,
    },
    {
      timeout: options.timeoutMs,
      // The agent's time also goes for a connection that is being made, which may take as long as a call.
      httpsAgent: new Agent({
        ...KEPT_CONNECTIONS,
        timeout: Math.max(KEPT_CONNECTIONS.timeout, options.timeoutMs),
      }),
      maxContentLength: MAX_BODY_BYTES,
      maxRedirects: 0,
      transformResponse: [asReply],
    },
  );
}

function asReply(text: unknown, headers: { get(name: string): unknown } | undefined): BybitReply {
  const resetAtMs = Number(headers?.get("x-bapi-limit-reset-timestamp") ?? Number.NaN);
  const reply = { resetAtMs: Number.isFinite(resetAtMs) ? resetAtMs : null };
  if (typeof text !== "string") return { ...reply, body: undefined, unparsed: "" };
  try {
    const body: unknown = JSON.parse(text);
    return { ...reply, body, unparsed: null };
  } catch {
    // Not JSON: an outage page, a cut answer. Judged with the status by whoever reads the reply.
    return { ...reply, body: undefined, unparsed: text.slice(0, 500) };
  }
}
