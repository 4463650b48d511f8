import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { makeBybitMarketData } from "#libs/market/bybit/bybit-market-data.ts";
import { candleFileName } from "#libs/recordings/file-names.ts";
import { writeCandles } from "#libs/recordings/write-recording.ts";
import { simulatedClock } from "#libs/runtime/clock.ts";
import { startExchangeSimulator } from "#libs/simulator/server.ts";
import { syntheticExchange } from "#libs/simulator/synthetic/synthetic-exchange.ts";
import { type Program, startProgram } from "#test/support/process/program.ts";

const DAY_MS = 86_400_000;
const FROM_MS = Date.UTC(2026, 0, 10);
const END_MS = FROM_MS + 3 * DAY_MS;

/** Few and short backtests: what is tested is the clock. */
const SETTINGS = {
  TIMEFRAMES: "1m",
  BACKTEST_DAYS: "1m:1",
  MIN_VOLATILITY: "0",
  MIN_TURNOVER_24H: "0",
};

let dir: string;
let programs: Program[] = [];
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "replay-test-"));
  const clock = simulatedClock(END_MS + 30_000, 0);
  const exchange = await startExchangeSimulator({ source: syntheticExchange(), clock });
  const market = makeBybitMarketData({ baseUrl: exchange.url, requestsPerSecond: 1_000 });
  for (const symbol of ["BTCUSDT", "SOLUSDT"]) {
    const range = { symbol, intervalMs: 60_000, fromMs: FROM_MS, toMs: END_MS, oldestMs: null };
    const { rows } = await market.recordedCandles(range);
    const writer = await writeCandles(
      join(dir, candleFileName({ exchange: "BYBIT", symbol, intervalMinutes: 1 })),
    );
    await writer.write(rows);
    await writer.commit();
  }
  await exchange.close();
}, 60_000);
afterAll(() => rm(dir, { recursive: true, force: true }));
afterEach(async () => {
  for (const program of programs) program.kill("SIGKILL");
  await Promise.all(programs.map((program) => program.exited));
  programs = [];
});

function start(...args: readonly string[]): Program {
  const all = ["--market", "replay", "--data", dir, "--port", "0", ...args];
  const program = startProgram("services/local/main.ts", all, SETTINGS);
  programs.push(program);
  return program;
}

const logOf = (program: Program) =>
  program
    .stderr()
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("npm start -- --market replay", () => {
  it("ends with the last candle, with a summary, and no task fails", async () => {
    const program = start("--from", "2026-01-12T23:55:30Z", "--speed", "20");
    expect(await program.exited).toBe(0);
    expect(program.stdout()).toContain("ended with the last recorded candle");
    expect(program.stdout()).toContain("replayed    2026-01-12T23:55Z to 2026-01-13T00:00Z");
    expect(program.stdout()).toMatch(/scans {7}[12], with [24] backtests\n/);
    expect(logOf(program).filter(({ level }) => level === "error" || level === "fatal")).toEqual([]);
  }, 120_000);

  it("starts where the longest history fits, and says so", async () => {
    const program = start("--speed", "1");
    await expect
      .poll(() => logOf(program).find(({ msg }) => msg === "replay started"), {
        timeout: 60_000,
      })
      .toMatchObject({ start: "2026-01-11T00:00:30.000Z", end: "2026-01-13T00:00:00.000Z" });
  }, 90_000);

  it.each(["2031-01-01T00:00:00Z", "2026-01-09T23:00:00Z"])(
    "refuses to start at %s, of which nothing is recorded",
    async (moment) => {
      const program = start("--from", moment, "--once");
      expect(await program.exited).toBe(2);
      expect(program.stdout()).toBe("");
      expect(program.stderr()).toMatch(
        /^--from .* lies outside of the recording, which covers 2026-01-10T00:00Z to 2026-01-13T00:00Z: choose .*\n$/,
      );
    },
    60_000,
  );

  it("makes one cycle at the end of the recording with --once", async () => {
    const program = start("--once", "--json");
    expect(await program.exited).toBe(0);
    const summary = JSON.parse(program.stdout()) as Record<string, unknown>;
    expect(summary).toMatchObject({ clock: "2026-01-12T23:30:30.000Z", tasks: { published: 2, failed: 0 } });
    expect(summary.description).toContain("2026-01-10T00:00Z to 2026-01-13T00:00Z");
  }, 120_000);
});
