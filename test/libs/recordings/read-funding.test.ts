import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { InputError } from "#libs/recordings/input-error.ts";
import { type FundingOptions, readFundingHistory } from "#libs/recordings/read-funding.ts";

const folder = mkdtempSync(join(tmpdir(), "read-funding-"));
afterAll(() => rmSync(folder, { recursive: true }));

const START_MS = Date.UTC(2026, 0, 1);
const TIMES = [0, 1, 2].map((i) => START_MS + i * 28_800_000);
const RATES = [0.0001, -0.000125, 0.00001];
const iso = (timeMs: number) => new Date(timeMs).toISOString();

function read(content: string, options: FundingOptions = {}) {
  const path = join(folder, "funding");
  writeFileSync(path, content);
  return readFundingHistory(path, options);
}

const table = (header: string, lineOf: (timeMs: number, rate: number) => string, end = "\n") =>
  [header, ...TIMES.map((timeMs, i) => lineOf(timeMs, RATES[i] ?? 0))].join(end);
const objects = (of: (timeMs: number, rate: number) => object) =>
  TIMES.map((timeMs, i) => of(timeMs, RATES[i] ?? 0));

describe("funding rates read the same", () => {
  it.each<[string, string]>([
    ["as the project's own file", table("funding_ms,rate", (ms, rate) => `${ms},${rate}`)],
    [
      "as Binance's file",
      table("calc_time,funding_interval_hours,last_funding_rate", (ms, rate) => `${ms},8,${rate}`),
    ],
    [
      "in seconds, with exponents",
      table("Timestamp,Funding Rate", (ms, rate) => `${ms / 1_000},${rate.toExponential()}`),
    ],
    [
      "as text with a zone",
      table("datetime;rate", (ms, rate) => `${iso(ms)};${String(rate).replace(".", ",")}`),
    ],
    ["with a percent sign", table("time,rate", (ms, rate) => `${ms},${(rate * 100).toFixed(4)}%`)],
    ["without a header", table("", (ms, rate) => `${ms},${rate}`)],
    [
      "as an answer of Bybit, newest first",
      JSON.stringify({
        result: {
          list: objects((ms, rate) => ({
            symbol: "MADEUSDT",
            fundingRate: String(rate),
            fundingRateTimestamp: String(ms),
          })).reverse(),
        },
      }),
    ],
    [
      "as ccxt gives them",
      JSON.stringify(
        objects((timestamp, fundingRate) => ({
          info: { fundingRate: "9", fundingTime: "9" },
          symbol: "MADE/USDT:USDT",
          fundingRate,
          timestamp,
          datetime: iso(timestamp),
        })),
      ),
    ],
    ["as freqtrade keeps them", JSON.stringify(TIMES.map((ms, i) => [ms, RATES[i], 0, 0, 0, 0]))],
    [
      "with equal rows twice",
      `${table("funding_ms,rate", (ms, rate) => `${ms},${rate}`)}\n${TIMES[1]},${RATES[1]}\n`,
    ],
  ])("%s", async (_, content) => {
    const { rates } = await read(content);
    expect([...rates.timeMs]).toEqual(TIMES);
    expect([...rates.rate]).toEqual(RATES);
  });

  it("when they are in percent and that is given", async () => {
    const content = table("funding_ms,rate", (ms, rate) => `${ms},${Number((rate * 100).toFixed(6))}`);
    expect([...(await read(content, { unit: "percent" })).rates.rate]).toEqual(RATES);
  });
});

describe("funding rates", () => {
  it.each([0.003, 0.01, 0.03])(
    "of %d half of the time are refused with both ways to take them",
    async (rate) => {
      const content = table("funding_ms,rate", (ms) => `${ms},${rate}`);
      await expect(read(content)).rejects.toThrow(
        /half of the funding rates are .*--funding-unit percent.*fraction/,
      );
      expect([...(await read(content, { unit: "fraction" })).rates.rate]).toEqual([rate, rate, rate]);
    },
  );

  it("may be high now and then", async () => {
    const content = table("funding_ms,rate", (ms, rate) => `${ms},${ms === TIMES[0] ? 0.02 : rate}`);
    expect((await read(content)).rates.rate[0]).toBe(0.02);
  });

  it("of the future are left out and reported", async () => {
    const content = table("funding_ms,rate", (ms, rate) => `${ms},${rate}`);
    const { rates, summary } = await read(content, { nowMs: START_MS + 1 });
    expect(rates.length).toBe(1);
    expect(summary).toContain("2 rates of the future left out");
  });

  it.each([
    [
      "two rates of one time",
      `funding_ms,rate\n${START_MS},0.0001\n${START_MS},0.0002\n`,
      /line 3: .*differ: rate/,
    ],
    [
      "a rate of the whole position",
      `funding_ms,rate\n${START_MS},1.5\n`,
      /line 2: the rate 1.5 is not a fraction/,
    ],
    ["no rate", "funding_ms,rate\n", /no settled funding rate/],
  ])("are refused with %s", async (_, content, reason) => {
    await expect(read(content)).rejects.toThrow(reason);
    await expect(read(content)).rejects.toThrow(InputError);
  });
});

describe("a settlement that joined files stamp twice", () => {
  const withLate = (rateOf: (rate: number) => number) =>
    [
      "funding_ms,rate",
      ...TIMES.flatMap((ms, i) => [`${ms},${RATES[i]}`, `${ms + 3},${rateOf(RATES[i] ?? 0)}`]),
    ].join("\n");

  it("counts once when the rates are equal", async () => {
    const { rates, summary } = await read(withLate((rate) => rate));
    expect([...rates.timeMs]).toEqual(TIMES);
    expect([...rates.rate]).toEqual(RATES);
    expect(summary).toMatch(/3 equal/);
  });

  it("is refused when they differ", async () => {
    await expect(read(withLate((rate) => rate * 2))).rejects.toThrow(/has the rates 0.0001 and 0.0002/);
  });
});

describe("rates of a quiet market in percent", () => {
  it("are refused until their unit is given", async () => {
    const quiet = table("funding_ms,rate", (ms) => `${ms},0.0025`);
    await expect(read(quiet)).rejects.toThrow(/--funding-unit percent/);
    expect((await read(quiet, { unit: "percent" })).rates.rate[0]).toBe(0.000025);
  });

  it("are asked for where the column's name has a percent sign, and not divided twice where each rate has one", async () => {
    await expect(read(table("funding_ms,rate (%)", (ms) => `${ms},0.0005`))).rejects.toThrow(
      /--funding-unit/,
    );
    const signed = table("funding_ms,rate", (ms) => `${ms},0.0100%`);
    expect((await read(signed)).rates.rate[0]).toBe(0.0001);
    await expect(read(signed, { unit: "percent" })).rejects.toThrow(/leave --funding-unit out/);
  });
});
