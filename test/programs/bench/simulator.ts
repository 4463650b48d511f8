import { request } from "node:http";
import { DAY_MS, MINUTE_MS } from "#libs/candles/timeframe.ts";
import { simulatedClock } from "#libs/runtime/clock.ts";
import { klineBody } from "#libs/simulator/bodies/kline.ts";
import { startExchangeSimulator } from "#libs/simulator/server.ts";
import { DEFAULT_START_MS, syntheticExchange } from "#libs/simulator/synthetic/synthetic-exchange.ts";
import { print } from "#libs/terminal/terminal.ts";

/*
 * How fast the simulated exchange is: candles generated, rows written as JSON, rows served over HTTP.
 */
const SYMBOLS = ["ORBIXUSDT", "KELVAUSDT", "SOLUSDT", "ETHUSDT"];
const DAYS = 120;
const nowMs = DEFAULT_START_MS;

/** Processor time of this process in microseconds: what else runs on the machine does not count. */
function usedMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function timed(name: string, unit: string, count: () => number): void {
  count();
  const started = usedMicroseconds();
  const done = count();
  const microseconds = usedMicroseconds() - started;
  print(
    `${name}: ${done} ${unit} in ${(microseconds / 1000).toFixed(0)} ms, ${(microseconds / done).toFixed(3)} us each\n`,
  );
}

timed("generate 1-minute candles, nothing cached", "candles", () => {
  const source = syntheticExchange({ cacheMegabytes: 1 });
  let candles = 0;
  for (const symbol of SYMBOLS) {
    for (let day = 1; day <= DAYS; day++) {
      const fromMs = nowMs - day * DAY_MS;
      candles += source.candles({
        symbol,
        intervalMs: MINUTE_MS,
        fromMs,
        toMs: fromMs + DAY_MS - MINUTE_MS,
        nowMs,
      }).length;
    }
  }
  return candles;
});

const source = syntheticExchange();
const page = source.candles({
  symbol: "ORBIXUSDT",
  intervalMs: MINUTE_MS,
  fromMs: nowMs - 1000 * MINUTE_MS,
  toMs: nowMs - MINUTE_MS,
  nowMs,
});
const listing = source.listing("ORBIXUSDT", nowMs);
if (listing !== null) {
  timed("write kline pages", "rows", () => {
    for (let i = 0; i < 500; i++) klineBody(listing, page, nowMs);
    return 500 * page.length;
  });
}

const simulator = await startExchangeSimulator({
  source: syntheticExchange(),
  clock: simulatedClock(nowMs, 0),
});

function fetchPage(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(`${simulator.url}${path}`, (response) => {
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on("end", () => resolve(bytes));
    })
      .on("error", reject)
      .end();
  });
}

for (const [interval, minutes] of [
  ["1", 1],
  ["5", 5],
  ["30", 30],
  ["240", 240],
] as const) {
  const started = usedMicroseconds();
  let bytes = 0;
  const pages = interval === "240" ? 4 : 24;
  for (let i = 0; i < pages; i++) {
    const symbol = SYMBOLS[i % SYMBOLS.length] ?? "";
    const endMs = nowMs - Math.floor(i / SYMBOLS.length) * 1000 * minutes * MINUTE_MS;
    bytes += await fetchPage(
      `/v5/market/kline?category=linear&symbol=${symbol}&interval=${interval}&limit=1000&start=${endMs - 999 * minutes * MINUTE_MS}&end=${endMs}`,
    );
  }
  const microseconds = usedMicroseconds() - started;
  print(
    `serve ${interval}: ${pages} cold pages of up to 1,000 rows over HTTP, ${(microseconds / pages / 1000).toFixed(2)} us a row, ${(microseconds / pages / 1000 / minutes).toFixed(3)} us a minute behind it, ${Math.round(bytes / pages)} bytes a page\n`,
  );
}
const started = usedMicroseconds();
for (let i = 0; i < 200; i++) {
  await fetchPage(`/v5/market/kline?category=linear&symbol=SOLUSDT&interval=1&limit=1000&end=${nowMs}`);
}
print(`serve one page again and again: ${((usedMicroseconds() - started) / 200_000).toFixed(3)} us a row\n`);
await simulator.close();
print(`memory: ${(process.memoryUsage().rss / 1_048_576).toFixed(0)} MB\n`);
