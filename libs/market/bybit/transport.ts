import { Agent } from "node:https";
import { RestClientV5 } from "bybit-api";
import { KEPT_CONNECTIONS } from "#libs/runtime/kept-connections.ts";

/** Far above the largest page (1,000 candles, about 100 kB) and all tickers (about 500 kB). */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/**
 * A response's body as the adapter needs it. The SDK passes on neither headers (unless all three of its rate headers are
 * present) nor bodies that are not JSON objects; both are needed for good errors.
 */
export interface BybitReply {
  /** The parsed JSON; undefined if the text is not JSON. */
  readonly body: unknown;
  /** The beginning of a text that is not JSON; null if it is JSON. */
  readonly unparsed: string | null;
  /** `X-Bapi-Limit-Reset-Timestamp`, milliseconds of the exchange's clock. */
  readonly resetAtMs: number | null;
}

export interface TransportOptions {
  /** For example `http://127.0.0.1:8080` for a simulator. Default: the live API. */
  readonly baseUrl?: string | undefined;
  readonly testnet?: boolean | undefined;
  /** Replaces the SDK's five minutes. */
  readonly timeoutMs: number;
  /** Public market data needs none; accepted so that an account's client can be created the same way. */
  readonly credentials?: { readonly key: string; readonly secret: string } | undefined;
}

/** The SDK's client, with our timeout and with responses as `BybitReply` (see `asReply`). */
export function makeRestClient(options: TransportOptions): RestClientV5 {
  return new RestClientV5(
    {
      testnet: options.testnet ?? false,
      ...(options.baseUrl === undefined ? {} : { baseUrl: options.baseUrl.replace(/\/+$/, "") }),
      ...options.credentials,
    },
    {
      timeout: options.timeoutMs,
      // The agent's timeout also applies to connecting, which may take as long as a request.
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
    // Not JSON: an outage page, a truncated response. The caller judges it together with the status.
    return { ...reply, body: undefined, unparsed: text.slice(0, 500) };
  }
}
