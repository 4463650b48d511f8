import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConfigurationError, configuration } from "#libs/config/configuration.ts";
import { makeBybitMarketData } from "#libs/market/bybit/bybit-market-data.ts";
import { rankUniverse } from "#libs/market/rank-universe.ts";
import { gapsOf } from "#libs/recordings/candle-table.ts";
import { readCandleTable } from "#libs/recordings/read-candles.ts";
import { readFunding } from "#libs/recordings/read-funding.ts";
import { simulatedClock } from "#libs/runtime/clock.ts";
import type { FaultPlan } from "#libs/simulator/faults.ts";
import type { ExchangeSimulator } from "#libs/simulator/server.ts";
import { DEFAULT_START_MS } from "#libs/simulator/synthetic/synthetic-exchange.ts";
import { runDownload } from "#services/cli/download/run-download.ts";
import { eventually } from "#test/support/eventually.ts";
import { closeSimulators, startSimulator } from "#test/support/exchange/simulators.ts";
import { type Program, startProgram } from "#test/support/process/program.ts";

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
const FILTER_SETTINGS = ["MIN_VOLATILITY", "MAX_VOLATILITY", "MIN_TURNOVER_24H", "MIN_LISTING_DAYS"] as const;
const KLINE = "/v5/market/kline";

let dir: string;
let exchange: ExchangeSimulator;
let programs: Program[];
beforeEach(async () => {
  programs = [];
  dir = await mkdtemp(join(tmpdir(), "download-test-"));
  exchange = await startSimulator();
});
afterEach(async () => {
  for (const program of programs) program.kill("SIGKILL");
  await Promise.all(programs.map((program) => program.exited));
  await closeSimulators();
  await rm(dir, { recursive: true, force: true });
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The command in this process. A refusal is what the process would print and exit with. */
async function download(args: string, environment: Readonly<Record<string, string>> = {}): Promise<Ran> {
  let out = "";
  let err = "";
  const releases: (() => Promise<void> | void)[] = [];
  const scope = {
    environment: { BYBIT_BASE_URL: exchange.url, ...environment },
    stopping: new AbortController().signal,
    own<T>(resource: T, release: (it: T) => Promise<void> | void): T {
      releases.push(() => release(resource));
      return resource;
    },
  };
  const terminal = {
    print: (text: string) => {
      out += text;
    },
    printError: (text: string) => {
      err += text;
    },
    isErrorOutputWatched: false,
  };
  let code: number;
  try {
    code = await runDownload([...args.split(" "), "--dir", dir], scope, terminal);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    err += `${error.message}\n`;
    code = 2;
  }
  for (const release of releases.reverse()) await release();
  // On a slow machine a plain line of progress is due.
  return { code, out, err: err.replace(/^\S+ \(\d+ of \d+\): \d+ %.*\n/gm, "") };
}

/** The command as a process that a test can kill. */
function start(args: string): Program {
  const program = startProgram("services/cli/download/main.ts", [...args.split(" "), "--dir", dir], {
    BYBIT_BASE_URL: exchange.url,
  });
  programs.push(program);
  return program;
}

const requests = () => exchange.requests().byPath[KLINE] ?? 0;
const faults = (...plan: FaultPlan["faults"]) => exchange.setFaults({ faults: plan });
const fileOf = (symbol: string) => join(dir, `BYBIT_${symbol}_1.csv.gz`);
const tableOf = async (symbol: string) => (await readCandleTable(fileOf(symbol))).table;
const piecesOf = (symbol: string) => join(dir, ".download", `BYBIT_${symbol}_1`);

describe("npm run download", () => {
  it("writes every closed candle of the days asked for, with turnover, and never the running one", async () => {
    const ran = await download("--symbols BTCUSDT,SOLUSDT --days 2");
    expect(ran).toMatchObject({ code: 0, err: "" });
    for (const symbol of ["BTCUSDT", "SOLUSDT"]) {
      const table = await tableOf(symbol);
      expect(table.length).toBe(2 * DAY_MINUTES);
      expect(gapsOf(table)).toEqual([]);
      const lastMs = table.openTimeMs.at(-1) ?? 0;
      expect(lastMs).toBe(Math.floor(DEFAULT_START_MS / MINUTE_MS) * MINUTE_MS - MINUTE_MS);
      expect(table.turnover.every((value) => value > 0)).toBe(true);
    }
    expect(ran.out).toContain("BYBIT_BTCUSDT_1.csv.gz: 2,880 candles, 2,880 of them new");
    expect((await readdir(join(dir, ".download"))).sort()).toEqual(["state.json"]);
  });

  it("writes the exchange's own candles", async () => {
    await download("--symbols SOLUSDT --from 2026-01-10T00:00:00Z --to 2026-01-10T02:00:00Z --interval 5");
    const { table } = await readCandleTable(join(dir, "BYBIT_SOLUSDT_5.csv.gz"));
    const fromMs = Date.UTC(2026, 0, 10);
    const query = `category=linear&symbol=SOLUSDT&interval=5&start=${fromMs}&end=${fromMs + 115 * MINUTE_MS}`;
    const reply = await (await fetch(`${exchange.url}${KLINE}?${query}`)).json();
    const rows = (reply as { result: { list: string[][] } }).result.list.map((row) => row.map(Number));
    expect(table.length).toBe(24);
    const columns = [
      table.openTimeMs,
      table.open,
      table.high,
      table.low,
      table.close,
      table.volume,
      table.turnover,
    ];
    expect(rows.reverse()).toEqual(rows.map((_, i) => columns.map((column) => column[i])));
  });

  it("asks for nothing when nothing is missing, and later only for what is", async () => {
    await download("--symbols SOLUSDT --days 3");
    const first = requests();
    expect(await download("--symbols SOLUSDT --days 3")).toMatchObject({ code: 0 });
    expect(requests()).toBe(first);

    const whole = await readFile(fileOf("SOLUSDT"));
    // Two days more: 2,880 candles before, in three pages.
    expect(await download("--symbols SOLUSDT --days 5")).toMatchObject({ code: 0 });
    expect(requests()).toBe(first + 3);
    expect((await tableOf("SOLUSDT")).length).toBe(5 * DAY_MINUTES);
    expect((await readFile(fileOf("SOLUSDT"))).length).toBeGreaterThan(whole.length);
  });

  it("fetches the minutes that have passed since", async () => {
    await download("--symbols SOLUSDT --days 1");
    const before = requests();
    exchange = await startSimulator({ clock: simulatedClock(DEFAULT_START_MS + 10 * MINUTE_MS, 0) });
    const ran = await download("--symbols SOLUSDT --days 1");
    expect(ran.out).toContain("1,450 candles, 10 of them new");
    expect(requests()).toBe(1);
    expect(before).toBe(2);
  });

  it("goes on after kill -9 with what is missing", async () => {
    faults({ kind: "slow", path: KLINE, after: 21, delayMs: 60_000 });
    const killed = start("--symbols SOLUSDT --days 30");
    await eventually(
      "two parts are on the disk",
      async () => {
        const parts = existsSync(piecesOf("SOLUSDT")) ? await readdir(piecesOf("SOLUSDT")) : [];
        return parts.filter((name) => name.endsWith(".json")).length === 2;
      },
      { timeoutMs: 60_000 },
    );
    killed.kill("SIGKILL");
    await killed.exited;
    expect(existsSync(fileOf("SOLUSDT"))).toBe(false);
    exchange.setFaults({ faults: [] });
    const before = requests();
    const ran = await download("--symbols SOLUSDT --days 30");
    expect(ran).toMatchObject({ code: 0, err: "" });
    // 43,200 candles in all; two parts of 10,000 were there.
    expect(requests() - before).toBe(24);
    const table = await tableOf("SOLUSDT");
    expect(table.length).toBe(30 * DAY_MINUTES);
    expect(gapsOf(table)).toEqual([]);
    expect(existsSync(piecesOf("SOLUSDT"))).toBe(false);
  }, 120_000);

  it("ends at Ctrl-C with exit code 130, keeps what is there and lets go of the folder", async () => {
    faults({ kind: "slow", path: KLINE, after: 11, delayMs: 60_000 });
    const stopped = start("--symbols SOLUSDT --days 30");
    await eventually("a part is on the disk", () => existsSync(piecesOf("SOLUSDT")), { timeoutMs: 60_000 });
    stopped.kill("SIGINT");
    expect(await stopped.exited).toBe(130);
    expect(stopped.stderr()).toContain("the same command goes on from there");
    expect(existsSync(join(dir, ".download", "lock"))).toBe(false);
    expect(await readdir(piecesOf("SOLUSDT"))).toHaveLength(1);
  }, 120_000);

  it("writes settled funding rates, and later only asks for those since", async () => {
    const ran = await download("--symbols SOLUSDT --days 20 --funding");
    expect(ran.out).toContain("funding_SOLUSDT.csv.gz: 60 funding rates, 60 of them new");
    const rates = await readFunding(join(dir, "funding_SOLUSDT.csv.gz"));
    expect(rates.length).toBe(60);
    const asked = () => exchange.requests().byPath["/v5/market/funding/history"] ?? 0;
    const before = asked();
    await download("--symbols SOLUSDT --days 20 --funding");
    expect(asked()).toBe(before);
    const more = await download("--symbols SOLUSDT --days 30 --funding");
    expect(more.out).toContain("90 funding rates, 30 of them new");
  });

  it("takes the first coins of the scanner's ranking", async () => {
    const ran = await download("--symbols top5,BTCUSDT --days 1");
    expect(ran.code).toBe(0);
    const names = (await readdir(dir)).filter((name) => name.endsWith(".csv.gz")).sort();
    const market = makeBybitMarketData({ baseUrl: exchange.url, requestsPerSecond: 1_000 });
    const filters = { ...configuration({}, FILTER_SETTINGS), topNCoins: 5 };
    const ranked = rankUniverse(
      await market.tickers(),
      await market.instruments(),
      filters,
      DEFAULT_START_MS,
    );
    const first = ranked.filter(({ taken }) => taken).map(({ symbol }) => symbol);
    expect(names).toEqual([...first, "BTCUSDT"].map((symbol) => `BYBIT_${symbol}_1.csv.gz`).sort());
    const none = await download("--symbols top5 --days 1", { MIN_TURNOVER_24H: "1e15" });
    expect(none).toMatchObject({ code: 2, out: "" });
    expect(none.err).toMatch(/top5: no coin of \d+ passes the scanner's filters/);
  });

  it("counts what lies before a listing as no gap, and does not ask for it again", async () => {
    // Listed on 2026-01-08 08:00, seven days before the clock.
    const ran = await download("--symbols MIVUPO23USDT --days 30");
    expect(ran).toMatchObject({ code: 0, err: "" });
    expect(ran.out).toContain("the exchange has none before 2026-01-08T08:00:00Z");
    const table = await tableOf("MIVUPO23USDT");
    expect(table.openTimeMs[0]).toBe(Date.UTC(2026, 0, 8, 8));
    const before = requests();
    await download("--symbols MIVUPO23USDT --days 30");
    expect(requests()).toBe(before);
  });

  it("fetches a gap again, and is quiet when it is filled", async () => {
    faults({ kind: "hole", path: KLINE, times: 1 });
    expect(await download("--symbols SOLUSDT --days 1")).toMatchObject({ code: 0, err: "" });
    expect(gapsOf(await tableOf("SOLUSDT"))).toEqual([]);
  });

  it("reports a gap that stays, keeps the candles around it, and fills it later", async () => {
    faults({ kind: "hole", path: KLINE });
    const ran = await download("--symbols SOLUSDT --days 1");
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(
      /^SOLUSDT: 2 candles are missing at the exchange, the first at 2026-01-1\dT\S+ \(.*\): the same command later/m,
    );
    expect(gapsOf(await tableOf("SOLUSDT"))).toHaveLength(2);
    exchange.setFaults({ faults: [] });
    const before = requests();
    expect(await download("--symbols SOLUSDT --days 1")).toMatchObject({ code: 0, err: "" });
    expect(requests() - before).toBe(2);
    expect(gapsOf(await tableOf("SOLUSDT"))).toEqual([]);
  }, 30_000);

  it("sends nothing while the exchange bans the address, and goes on after it", async () => {
    faults({ kind: "banned", path: KLINE, after: 3, times: 1 });
    const ran = await download("--symbols SOLUSDT --days 5", { BYBIT_BAN_SECONDS: "1" });
    expect(ran.code).toBe(0);
    expect(ran.err).toMatch(/no request for \d s, as the exchange asks/);
    expect(gapsOf(await tableOf("SOLUSDT"))).toEqual([]);
  });

  it("does not wait for an address that is always refused", async () => {
    faults({ kind: "banned" });
    const ran = await download("--symbols SOLUSDT --days 5");
    expect(ran).toMatchObject({ code: 1, out: "" });
    expect(ran.err).toMatch(/^download: .*lower BYBIT_REQUESTS_PER_SECOND/m);
  });

  it("keeps what it has when the exchange fails, and says so", async () => {
    faults({ kind: "http-500", path: KLINE, after: 11 });
    const ran = await download("--symbols SOLUSDT --days 30 --interval 1");
    expect(ran.code).toBe(1);
    expect(ran.err).toContain("the same command goes on from there");
    expect(await readdir(piecesOf("SOLUSDT"))).toHaveLength(1);
  }, 60_000);

  it.each([
    ["--symbols NOPEUSDT,BTCUSDT --days 1", /the exchange has no USDT perpetual NOPEUSDT/],
    ["--symbols btcusdt", /"btcusdt"/],
    ["--symbols BTCUSDT,,SOLUSDT", /not ""/],
    ["--symbols top0", /"top0"/],
    ["--symbols ../x", /"\.\.\/x"/],
    ["--symbols BTCUSDT --interval 2", /1, 3, 5, 15, 30, 240, 1440/],
    ["--symbols BTCUSDT --days 0", /--days/],
    ["--symbols BTCUSDT --days 3 --from 2026-01-01", /--days and --from/],
    ["--symbols BTCUSDT --from 2026-01-02 --to 2026-01-01", /is not before --to/],
    ["--symbols BTCUSDT --from 2027-01-01", /no candle of 1 minutes has closed/],
    ["--days 1", /--symbols/],
  ])("refuses %s in one line, and writes nothing", async (args, words) => {
    const ran = await download(args);
    expect(ran).toMatchObject({ code: 2, out: "" });
    expect(ran.err).toMatch(words);
    expect(ran.err.trimEnd().split("\n")).toHaveLength(1);
    expect(await readdir(dir)).toEqual([]);
  });

  describe("one folder", () => {
    it("is not written by two at once", async () => {
      await mkdir(join(dir, ".download"));
      const other = { pid: process.ppid, host: hostname(), token: "other" };
      await writeFile(join(dir, ".download", "lock"), JSON.stringify(other));
      const ran = await download("--symbols SOLUSDT --days 1");
      expect(ran).toMatchObject({ code: 2, out: "" });
      expect(ran.err).toMatch(
        /another download \(process \d+ on .*\) writes into this folder: .*delete .*lock/,
      );
      expect(requests()).toBe(0);
    });

    it("is taken over from one that was killed", async () => {
      await mkdir(join(dir, ".download"));
      // Beyond the largest process id.
      const gone = { pid: 4_000_000, host: hostname(), token: "gone" };
      await writeFile(join(dir, ".download", "lock"), JSON.stringify(gone));
      expect(await download("--symbols SOLUSDT --days 1")).toMatchObject({ code: 0 });
      expect(existsSync(join(dir, ".download", "lock"))).toBe(false);
    });

    it("does not mix the candles of two exchanges", async () => {
      await mkdir(join(dir, ".download"));
      const state = { source: "live", listings: {}, funding: {} };
      await writeFile(join(dir, ".download", "state.json"), JSON.stringify(state));
      const ran = await download("--symbols SOLUSDT --days 1");
      expect(ran).toMatchObject({ code: 2, out: "" });
      expect(ran.err).toMatch(/recordings of the live exchange, not of an exchange on this machine/);
    });

    it("keeps a file that was there and adds what is missing around it", async () => {
      await download("--symbols SOLUSDT --from 2026-01-10T00:00:00Z --to 2026-01-11T00:00:00Z");
      await rm(join(dir, ".download"), { recursive: true });
      await utimes(fileOf("SOLUSDT"), 0, 0);
      await download("--symbols SOLUSDT --from 2026-01-09T00:00:00Z --to 2026-01-12T00:00:00Z");
      const table = await tableOf("SOLUSDT");
      expect(table.length).toBe(3 * DAY_MINUTES);
      expect(gapsOf(table)).toEqual([]);
    });
  });

  it("resolves a relative folder from where the caller is", async () => {
    const program = startProgram(
      "services/cli/download/main.ts",
      ["--symbols", "SOLUSDT", "--days", "1", "--dir", "below"],
      { BYBIT_BASE_URL: exchange.url, INIT_CWD: dir },
    );
    programs.push(program);
    expect(await program.exited).toBe(0);
    expect(await readdir(join(dir, "below"))).toContain("BYBIT_SOLUSDT_1.csv.gz");
    expect(program.stdout()).toContain(join(dir, "below"));
  }, 60_000);

  it("makes a folder that a replay and a backtest take", async () => {
    expect(await download("--symbols BTCUSDT,SOLUSDT,ETHUSDT --days 16 --funding")).toMatchObject({
      code: 0,
    });
    const replay = startProgram(
      "services/local/main.ts",
      ["--once", "--json", "--market", "replay", "--data", dir],
      {
        TIMEFRAMES: "1m,5m",
        BACKTEST_DAYS: "1m:2,5m:7",
        MIN_VOLATILITY: "0",
        MIN_TURNOVER_24H: "0",
        LOG_LEVEL: "error",
      },
    );
    programs.push(replay);
    expect(await replay.exited).toBe(0);
    const summary = JSON.parse(replay.stdout()) as Record<string, unknown>;
    expect(summary).toMatchObject({ selected: 3, tasks: { published: 6, failed: 0, pending: 0 } });
    const backtest = startProgram("services/cli/backtest/main.ts", [
      "--candles",
      fileOf("SOLUSDT"),
      "--btc",
      fileOf("BTCUSDT"),
      "--funding",
      join(dir, "funding_SOLUSDT.csv.gz"),
      "--symbol",
      "SOLUSDT",
      "--timeframe",
      "5m",
      "--json",
    ]);
    programs.push(backtest);
    expect(await backtest.exited).toBe(0);
    expect(JSON.parse(backtest.stdout())).toBeTypeOf("object");
  }, 180_000);
});
