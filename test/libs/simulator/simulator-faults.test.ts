import { request } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { MINUTE_MS } from "#libs/candles/timeframe.ts";
import type { Fault, FaultPlan } from "#libs/simulator/faults.ts";
import { DEFAULT_START_MS } from "#libs/simulator/synthetic/synthetic-exchange.ts";
import { closeSimulators, startSimulator } from "#test/support/exchange/simulators.ts";

afterEach(closeSimulators);

const NOW = DEFAULT_START_MS;
const MINUTE = Math.floor(NOW / MINUTE_MS) * MINUTE_MS;
const KLINE = "/v5/market/kline?category=linear&symbol=SOLUSDT&interval=1&limit=10";
const TIME = "/v5/market/time";

async function startWith(faults: FaultPlan["faults"], seed = 1) {
  return startSimulator({ faults: { seed, faults } });
}

interface Reply {
  status: number;
  headers: Headers;
  text: string;
}

async function get(url: string): Promise<Reply> {
  const response = await fetch(url);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

async function rowsOf(url: string): Promise<number[]> {
  const { text } = await get(url);
  const body: { result: { list: [string][] } } = JSON.parse(text);
  return body.result.list.map(([start]) => Number(start));
}

/** Bytes received until the answer ended, and whether it was whole. */
function download(url: string): Promise<{ bytes: number; announced: number; whole: boolean }> {
  return new Promise((resolve) => {
    request(url, (response) => {
      let bytes = 0;
      const announced = Number(response.headers["content-length"]);
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on("close", () => resolve({ bytes, announced, whole: response.complete }));
      response.on("error", () => {});
    })
      .on("error", () => resolve({ bytes: 0, announced: 0, whole: false }))
      .end();
  });
}

describe("faults of the transport", () => {
  it("answer 10006 with the moment from which requests are welcome again", async () => {
    const { url } = await startWith([{ kind: "rate-limit", delayMs: 700 }]);
    const reply = await get(url + TIME);
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.text)).toMatchObject({ retCode: 10006, result: {}, time: NOW });
    expect(reply.headers.get("x-bapi-limit-status")).toBe("0");
    expect(Number(reply.headers.get("x-bapi-limit-reset-timestamp"))).toBe(NOW + 700);
  });

  it("answer 10016, HTTP 403 and HTTP 500", async () => {
    const { url } = await startWith(
      (["server-error-code", "banned", "http-500"] as const).map((kind) => ({ kind, times: 1 })),
    );
    expect(JSON.parse((await get(url + TIME)).text)).toMatchObject({ retCode: 10016 });
    const banned = await get(url + TIME);
    expect([banned.status, banned.text]).toEqual([403, expect.stringContaining("Access too frequent")]);
    expect((await get(url + TIME)).status).toBe(500);
    expect(JSON.parse((await get(url + TIME)).text)).toMatchObject({ retCode: 0 });
  });

  it("answer garbage and a proxy's page in place of JSON", async () => {
    const { url } = await startWith([
      { kind: "garbage", times: 1 },
      { kind: "html", times: 1 },
    ]);
    const garbage = await get(url + KLINE);
    expect(garbage.status).toBe(200);
    expect(() => JSON.parse(garbage.text)).toThrow();
    const page = await get(url + KLINE);
    expect(page.headers.get("content-type")).toContain("text/html");
    expect(page.text).toContain("<html>");
  });

  it("drop the connection before an answer, and in the middle of one", async () => {
    const { url } = await startWith([
      { kind: "dropped", times: 1 },
      { kind: "cut", times: 1 },
    ]);
    expect(await download(url + KLINE)).toEqual({ bytes: 0, announced: 0, whole: false });
    const cut = await download(url + KLINE);
    expect(cut.whole).toBe(false);
    expect(cut.bytes).toBeGreaterThan(0);
    expect(cut.bytes).toBeLessThan(cut.announced);
    expect((await download(url + KLINE)).whole).toBe(true);
  });

  it("answer late, with the right answer", async () => {
    const { url } = await startWith([{ kind: "slow", delayMs: 120, path: "kline" }]);
    const order: string[] = [];
    await Promise.all([
      rowsOf(url + KLINE).then((rows) => order.push(`kline ${rows.length}`)),
      get(url + TIME).then(() => order.push("time")),
    ]);
    expect(order).toEqual(["time", "kline 10"]);
  });

  it("still say that they are simulated", async () => {
    const { url } = await startWith([{ kind: "http-500" }]);
    expect((await get(url + TIME)).headers.get("x-simulated")).toBe("synthetic");
  });
});

describe("faults of the data", () => {
  const tenRows = Array.from({ length: 10 }, (_, i) => MINUTE - i * MINUTE_MS);

  it("leave out an inner row", async () => {
    const { url } = await startWith([{ kind: "hole", times: 1 }]);
    const rows = await rowsOf(url + KLINE);
    expect(rows).toHaveLength(9);
    expect([rows[0], rows.at(-1)]).toEqual([tenRows[0], tenRows.at(-1)]);
    expect(tenRows).toEqual(expect.arrayContaining(rows));
    expect(await rowsOf(url + KLINE)).toEqual(tenRows);
  });

  it("repeat a row", async () => {
    const { url } = await startWith([{ kind: "duplicate", times: 1 }]);
    const rows = await rowsOf(url + KLINE);
    expect(rows).toHaveLength(11);
    expect([...new Set(rows)]).toEqual(tenRows);
  });

  it("put the running candle on top of a page that ends before it", async () => {
    const { url } = await startWith([{ kind: "running-candle" }]);
    const end = MINUTE - 20 * MINUTE_MS;
    const rows = await rowsOf(`${url}${KLINE}&end=${end}`);
    expect(rows.slice(0, 2)).toEqual([MINUTE, end]);
    expect(await rowsOf(url + KLINE)).toEqual(tenRows);
  });
});

describe("a fault plan", () => {
  const hits = async (url: string, count: number, path = TIME) => {
    const hit: boolean[] = [];
    for (let i = 0; i < count; i++) hit.push((await get(url + path)).status !== 200);
    return hit;
  };

  it("lets requests through first, then hits as often as it says", async () => {
    const { url } = await startWith([{ kind: "http-500", after: 2, times: 2 }]);
    expect(await hits(url, 6)).toEqual([false, false, true, true, false, false]);
  });

  it("hits only the requests whose address contains the text", async () => {
    const { url } = await startWith([{ kind: "http-500", path: "symbol=SOLUSDT" }]);
    expect(await hits(url, 1)).toEqual([false]);
    expect(await hits(url, 1, KLINE)).toEqual([true]);
    expect(await hits(url, 1, KLINE.replace("SOL", "ETH"))).toEqual([false]);
  });

  it("hits a share of the requests, the same ones for the same seed", async () => {
    const fault: Pick<Fault, "kind" | "probability"> = { kind: "http-500", probability: 0.4 };
    const first = await hits((await startWith([fault], 5)).url, 40);
    expect(await hits((await startWith([fault], 5)).url, 40)).toEqual(first);
    expect(await hits((await startWith([fault], 6)).url, 40)).not.toEqual(first);
    const share = first.filter(Boolean).length / 40;
    expect(share).toBeGreaterThan(0.1);
    expect(share).toBeLessThan(0.7);
  });

  it("can be replaced while the server runs, in process and over HTTP, and is counted", async () => {
    const simulator = await startSimulator();
    expect(await hits(simulator.url, 1)).toEqual([false]);
    simulator.setFaults({ faults: [{ kind: "http-500" }] });
    expect(await hits(simulator.url, 1)).toEqual([true]);
    const post = (plan: unknown) =>
      fetch(`${simulator.url}/__faults`, { method: "POST", body: JSON.stringify(plan) });
    expect((await post({ faults: [] })).status).toBe(200);
    expect(await hits(simulator.url, 1)).toEqual([false]);
    expect(simulator.requests()).toMatchObject({ total: 3, faults: 1 });
  });

  it("that is none is refused and changes nothing", async () => {
    const simulator = await startWith([{ kind: "http-500" }]);
    const reply = await fetch(`${simulator.url}/__faults`, {
      method: "POST",
      body: JSON.stringify({ faults: [{ kind: "earthquake" }] }),
    });
    expect(reply.status).toBe(400);
    expect(await reply.text()).toContain("kind");
    expect(await hits(simulator.url, 1)).toEqual([true]);
  });
});
