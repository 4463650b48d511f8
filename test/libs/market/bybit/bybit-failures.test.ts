import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { inspect } from "node:util";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { type BybitOptions, makeBybitMarketData } from "#libs/market/bybit/bybit-market-data.ts";
import { MarketError, type MarketErrorKind } from "#libs/market/market-error.ts";
import { pause } from "#libs/runtime/pause.ts";
import { makeCertificates } from "#test/support/broker/certificates.ts";
import { eventually } from "#test/support/eventually.ts";
import {
  type BybitAnswer,
  type BybitServer,
  failure,
  ok,
  startBybitServer,
} from "#test/support/exchange/bybit-server.ts";

const SERVER_TIME = 1_750_000_000_000;
const fine = ok({ timeSecond: "1750000000", timeNano: "1750000000000000000" }, SERVER_TIME);
const banned: BybitAnswer = {
  kind: "json",
  status: 403,
  body: { retMsg: "Access too frequent. Please retry later." },
};

let server: BybitServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** Answers in turn; the last one for all that follow. */
async function serve(...answers: readonly [BybitAnswer, ...BybitAnswer[]]): Promise<BybitServer> {
  server = await startBybitServer((_, index) => answers[Math.min(index, answers.length - 1)] ?? answers[0]);
  return server;
}

/** Time that passes only while somebody sleeps. */
function sleepyTime() {
  let now = 0;
  const slept: number[] = [];
  return {
    slept,
    pass: (ms: number) => {
      now += ms;
    },
    nowMs: () => now,
    random: () => 0,
    sleep: async (ms: number, signal?: AbortSignal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      now += ms;
    },
  };
}

function marketAt(baseUrl: string, overrides: Partial<BybitOptions> = {}) {
  return makeBybitMarketData({
    baseUrl,
    requestsPerSecond: 10_000,
    retryDelaysMs: [100, 400],
    timeoutMs: 5_000,
    time: sleepyTime(),
    ...overrides,
  });
}

async function errorOf(promise: Promise<unknown>): Promise<MarketError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof MarketError)) throw new Error("expected a MarketError", { cause: error });
  return error;
}

const html: BybitAnswer = { kind: "text", text: "<html><body>maintenance</body></html>" };

describe("failures that pass", () => {
  const passing: [string, BybitAnswer][] = [
    ["code 10000, server timeout", failure(10000, "Server Timeout")],
    ["code 10002, late request", failure(10002, "The request time exceeds the time window range.")],
    ["code 10006, too many visits", failure(10006, "Too many visits. Exceeded the API Rate Limit.")],
    ["code 10016, server error", failure(10016, "Server error.")],
    ["code 10018, too many visits of the address", failure(10018, "Exceeded the IP Rate Limit.")],
    ["code 10429, system level frequency protection", failure(10429, "System level frequency protection")],
    ["HTTP 408", { kind: "text", status: 408, text: "" }],
    ["HTTP 429", { kind: "text", status: 429, text: "slow down" }],
    ["HTTP 500", { kind: "text", status: 500, text: "oops" }],
    ["HTTP 502 with a page", { kind: "text", status: 502, text: "<html>Bad Gateway</html>" }],
    ["HTTP 503 with JSON", { kind: "json", status: 503, body: { retMsg: "busy" } }],
    ["HTTP 204", { kind: "text", status: 204, text: "" }],
    ["a page instead of JSON", html],
    ["cut JSON", { kind: "text", text: '{"retCode":0,"resu' }],
    ["an empty body", { kind: "text", text: "" }],
    ["JSON that is no reply", { kind: "json", body: [1, 2, 3] }],
    ["JSON null", { kind: "json", body: null }],
    ["a dropped connection", { kind: "drop" }],
  ];

  it.each(passing)("are waited for and tried again: %s", async (_, answer) => {
    const { url, requests } = await serve(answer, fine);
    expect(await marketAt(url).serverTimeMs()).toBe(SERVER_TIME);
    expect(requests).toHaveLength(2);
  });

  it.each(passing)("are retryable for the caller when they stay: %s", async (_, answer) => {
    const { url, requests } = await serve(answer);
    const error = await errorOf(marketAt(url).serverTimeMs());
    expect(error.kind).toBe("retryable");
    expect(error.message).toContain("server time");
    expect(requests).toHaveLength(3);
  });

  it.each<[string, BybitAnswer]>([
    ["silence", { kind: "silence" }],
    ["an answer that drips", { kind: "drip" }],
  ])("include %s beyond the time limit", async (_, answer) => {
    const { url, requests } = await serve(answer, fine);
    expect(await marketAt(url, { timeoutMs: 750 }).serverTimeMs()).toBe(SERVER_TIME);
    expect(requests).toHaveLength(2);
  });

  it("include a server that is not there", async () => {
    const { url, close } = await serve(fine);
    await close();
    expect((await errorOf(marketAt(url).serverTimeMs())).kind).toBe("retryable");
  });

  it("are waited for longer from time to time", async () => {
    const time = sleepyTime();
    const { url } = await serve(failure(10016, "Server error."));
    await errorOf(marketAt(url, { time }).serverTimeMs());
    expect(time.slept).toEqual([100, 400]);
  });
});

describe("too many visits", () => {
  function limited(resetInMs: number): BybitAnswer {
    return failure(10006, "Too many visits!", {
      timeMs: SERVER_TIME,
      headers: {
        "X-Bapi-Limit-Status": "0",
        "X-Bapi-Limit-Reset-Timestamp": String(SERVER_TIME + resetInMs),
      },
    });
  }

  it("wait until the reset that the exchange names", async () => {
    const time = sleepyTime();
    const { url } = await serve(limited(3_000), fine);
    expect(await marketAt(url, { time }).serverTimeMs()).toBe(SERVER_TIME);
    expect(time.nowMs()).toBeGreaterThanOrEqual(3_000);
  });

  it("delay every call of the adapter", async () => {
    const time = sleepyTime();
    const { url } = await serve(limited(3_000), fine);
    const market = marketAt(url, { time, retryDelaysMs: [] });
    expect((await errorOf(market.serverTimeMs())).retryAfterMs).toBe(3_000);
    expect(time.nowMs()).toBe(0);
    await market.serverTimeMs();
    expect(time.nowMs()).toBeGreaterThanOrEqual(3_000);
  });

  it("go back to the caller when the reset is far away", async () => {
    const time = sleepyTime();
    const { url, requests } = await serve(limited(3_600_000));
    const error = await errorOf(marketAt(url, { time }).serverTimeMs());
    expect(error).toMatchObject({ kind: "retryable", retryAfterMs: 3_600_000 });
    expect(requests).toHaveLength(1);
    expect(time.nowMs()).toBe(0);
  });
});

describe("failures that stay", () => {
  it.each<[string, BybitAnswer, MarketErrorKind, string]>([
    ["a wrong parameter", failure(10001, "params error: limit invalid"), "rejected", "limit invalid"],
    ["an unknown symbol", failure(10001, "params error: symbol invalid"), "unknown-symbol", "symbol invalid"],
    ["a refused key", failure(10003, "API key is invalid."), "rejected", "10003"],
    ["a code of the future", failure(98765, "News."), "rejected", "98765"],
    ["HTTP 404", { kind: "text", status: 404, text: "no such path" }, "rejected", "404"],
    ["HTTP 401", { kind: "json", status: 401, body: { retMsg: "who" } }, "rejected", "401"],
    ["a redirect", { kind: "text", status: 302, text: "" }, "rejected", "302"],
    [
      "a success without the exchange's time",
      { kind: "json", body: { retCode: 0, retMsg: "OK", result: {} } },
      "rejected",
      "time",
    ],
  ])("are thrown at once: %s", async (_, answer, kind, named) => {
    const { url, requests } = await serve(answer);
    const error = await errorOf(marketAt(url).serverTimeMs());
    expect(error.kind).toBe(kind);
    expect(error.message).toContain(named);
    expect(requests).toHaveLength(1);
  });

  it("include an address that is none", async () => {
    const error = await errorOf(marketAt("not an address").serverTimeMs());
    expect(error.kind).toBe("rejected");
  });
});

describe("a ban", () => {
  const TEN_MINUTES = 600_000;

  it.each<[string, BybitAnswer]>([
    ["HTTP 403 with JSON", banned],
    ["HTTP 403 with a page", { kind: "text", status: 403, text: "<html>Forbidden</html>" }],
    ["code 10009", failure(10009, "IP has been banned.")],
  ])("begins with %s and is not retried", async (_, answer) => {
    const { url, requests } = await serve(answer, fine);
    const error = await errorOf(marketAt(url).serverTimeMs());
    expect(error).toMatchObject({ kind: "banned", retryAfterMs: TEN_MINUTES });
    expect(requests).toHaveLength(1);
  });

  it("fails every later call at once, with the time that is left, and ends after ten minutes", async () => {
    const time = sleepyTime();
    const { url, requests } = await serve(banned, fine);
    const market = marketAt(url, { time });
    await errorOf(market.serverTimeMs());

    time.pass(TEN_MINUTES - 1_000);
    const range = { symbol: "BTCUSDT", intervalMs: 60_000, fromMs: 0, toMs: 600_000 };
    for (const call of [market.tickers(), market.instruments(), market.candles(range)]) {
      expect(await errorOf(call)).toMatchObject({ kind: "banned", retryAfterMs: 1_000 });
    }
    expect(requests).toHaveLength(1);

    time.pass(1_000);
    expect(await market.serverTimeMs()).toBe(SERVER_TIME);
  });

  /** Answers the first `before` requests with a failure that passes; the next is held until `release`. */
  async function serveHeldBan(before: number) {
    let release = () => {};
    const held = new Promise<BybitAnswer>((resolve) => {
      release = () => resolve(banned);
    });
    server = await startBybitServer((_, index) => (index < before ? failure(10016, "Server error.") : held));
    return { url: server.url, requests: server.requests, release };
  }

  it("ends at once the waiting of calls in the queue, without a request of theirs", async () => {
    const { url, requests, release } = await serveHeldBan(0);
    // A request in an hour: only the first one leaves.
    const market = makeBybitMarketData({ baseUrl: url, requestsPerSecond: 1 / 3_600, timeoutMs: 20_000 });
    const calls = [1, 2, 3].map(() => errorOf(market.serverTimeMs()));
    await eventually("the first request is out", () => requests.length === 1);
    release();
    for (const error of await Promise.all(calls)) expect(error.kind).toBe("banned");
    expect(requests).toHaveLength(1);
  });

  it("ends at once the waiting of calls between two attempts", async () => {
    const { url, requests, release } = await serveHeldBan(1);
    const notes: unknown[] = [];
    const market = makeBybitMarketData({
      baseUrl: url,
      requestsPerSecond: 1_000,
      timeoutMs: 20_000,
      retryDelaysMs: [3_600_000],
      logger: { warn: (...line) => notes.push(line) },
    });
    const retrying = errorOf(market.serverTimeMs());
    await eventually("the first attempt has failed", () => notes.length === 1);
    const other = errorOf(market.serverTimeMs());
    release();
    for (const error of await Promise.all([retrying, other])) expect(error.kind).toBe("banned");
    expect(requests).toHaveLength(2);
  });
});

describe("a service that stops", () => {
  it.each<[string, BybitAnswer, Partial<BybitOptions>]>([
    ["a call without an answer", { kind: "silence" }, { timeoutMs: 600_000 }],
    ["the wait before another attempt", failure(10016, "Server error."), { retryDelaysMs: [600_000] }],
    [
      "the wait that the exchange asked for",
      failure(10006, "Too many visits."),
      { retryDelaysMs: [600_000, 600_000] },
    ],
  ])("does not wait for the end of %s, and asks nothing more", async (_, answer, options) => {
    const { url, requests } = await serve(answer);
    const stop = new AbortController();
    const market = makeBybitMarketData({
      baseUrl: url,
      requestsPerSecond: 1_000,
      stopping: stop.signal,
      ...options,
    });
    const calls = [errorOf(market.serverTimeMs()), errorOf(market.tickers())];
    await eventually("the requests are out", () => requests.length === 2);
    stop.abort();
    for (const error of await Promise.all(calls)) expect(error.kind).toBe("retryable");
    expect((await errorOf(market.serverTimeMs())).kind).toBe("retryable");
    expect(requests).toHaveLength(2);
  });
});

describe("credentials", () => {
  const credentials = { key: "KEY-4f1c9a", secret: "SECRET-77be02" };

  function allText(error: Error): string {
    const parts: string[] = [];
    for (let one: unknown = error; one instanceof Error; one = one.cause) {
      parts.push(one.message, one.stack ?? "", JSON.stringify(one), JSON.stringify({ ...one }));
    }
    return `${parts.join("\n")}\n${inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true })}`;
  }

  it.each<[string, BybitAnswer]>([
    ["HTTP 500", { kind: "text", status: 500, text: "oops" }],
    ["HTTP 403", banned],
    ["HTTP 404", { kind: "text", status: 404, text: "" }],
    ["HTTP 204", { kind: "text", status: 204, text: "" }],
    ["a refused parameter", failure(10001, "params error")],
    ["a page instead of JSON", html],
    ["a dropped connection", { kind: "drop" }],
    ["silence", { kind: "silence" }],
  ])("appear in no error and no log line of %s", async (_, answer) => {
    const { url } = await serve(answer);
    const logged: unknown[] = [];
    const logger = { warn: (...line: unknown[]) => logged.push(line) };
    const market = marketAt(url, { credentials, logger, timeoutMs: 200 });
    const text =
      allText(await errorOf(market.serverTimeMs())) + inspect(logged, { depth: Number.POSITIVE_INFINITY });
    expect(text).not.toContain(credentials.key);
    expect(text).not.toContain(credentials.secret);
  });

  it("of an address appear in no error", async () => {
    const { url, close } = await serve({
      kind: "text",
      status: 500,
      text: "//user:hidden-word@proxy is down",
    });
    const withPassword = url.replace("//", "//user:hidden-word@");
    expect(allText(await errorOf(marketAt(withPassword).serverTimeMs()))).not.toContain("hidden-word");
    await close();
    expect(allText(await errorOf(marketAt(withPassword).serverTimeMs()))).not.toContain("hidden-word");
  });
});

describe("a rush of calls", () => {
  it("is sent a few at a time, so that memory holds as many answers and no more", async () => {
    const waiting: (() => void)[] = [];
    server = await startBybitServer(async () => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return fine;
    });
    const market = marketAt(server.url);
    const calls = Array.from({ length: 50 }, () => market.serverTimeMs());
    await eventually("the first ones are there", () => waiting.length === 16);
    for (let answered = 0; answered < calls.length; answered++) {
      const next = await eventually("the next one is there", () => waiting.shift());
      next();
    }
    expect(await Promise.all(calls)).toEqual(calls.map(() => SERVER_TIME));
    expect(server.peak()).toBe(16);
  });
});

describe("a connection over TLS", () => {
  it("is kept between calls, and closed when it is idle before a server would", async () => {
    // The certificate is the test's own; that wrong ones are refused is no matter here.
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    const certificates = await makeCertificates();
    const secure = createServer(await certificates.make("localhost"), (request, response) => {
      request.resume();
      response.end(JSON.stringify({ retCode: 0, retMsg: "OK", result: {}, time: SERVER_TIME }));
    });
    secure.keepAliveTimeout = 60_000;
    onTestFinished(async () => {
      secure.closeAllConnections();
      secure.close();
      await certificates.dispose();
      vi.unstubAllEnvs();
    });
    await once(secure.listen(0, "127.0.0.1"), "listening");
    const sockets: Socket[] = [];
    secure.on("secureConnection", (socket: Socket) => sockets.push(socket));
    const { port } = secure.address() as AddressInfo;
    const market = makeBybitMarketData({
      baseUrl: `https://127.0.0.1:${port}`,
      requestsPerSecond: 100,
      timeoutMs: 2_000,
    });
    await market.serverTimeMs();
    await pause(1_000);
    await market.serverTimeMs();
    expect(sockets).toHaveLength(1);
    const [socket] = sockets as [Socket];
    await once(socket, "close", { signal: AbortSignal.timeout(15_000) });
  }, 25_000);
});
