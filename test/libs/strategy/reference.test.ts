import { describe, expect, it } from "vitest";
import { HOUR_MS, MINUTE_MS } from "#libs/candles/timeframe.ts";
import { ADVANCED } from "#libs/strategy/advanced.ts";
import { BASIC } from "#libs/strategy/basic.ts";
import { decide } from "#libs/strategy/decide.ts";
import { makeStudy, type StudyInput } from "#libs/strategy/study.ts";
import { recordedInput } from "#test/support/factories/recorded-candles.ts";
import { madeInput } from "#test/support/factories/study-inputs.ts";
import { Reference, type ReferenceDecision } from "#test/support/reference/reference-strategy.ts";
import { NO_RECORDINGS, sharedFile } from "#test/support/shared-data.ts";

/** Compares the engine with the plain rules on every candle; answers how many signals they agreed on. */
function agreements(input: StudyInput, from = 0, to = input.candles.length): number {
  const study = makeStudy(input);
  const reference = new Reference(input);
  let signals = 0;
  for (let i = from; i < to; i++) {
    for (const [strategy, expected] of [
      [BASIC, reference.basic(i)],
      [ADVANCED, reference.advanced(i)],
    ] as const) {
      const decision = decide(strategy, study, i);
      const found: ReferenceDecision =
        decision.kind === "signal" ? { side: decision.side, confidence: decision.confidence } : null;
      if (expected !== null) signals++;
      if (JSON.stringify(found) !== JSON.stringify(expected)) {
        expect.fail(
          `${strategy.name} at ${i}: ${JSON.stringify(decision)}, expected ${JSON.stringify(expected)}`,
        );
      }
    }
  }
  return signals;
}

describe("decisions", () => {
  it("are those of the plain rules on every candle of made markets", () => {
    const signals = [
      madeInput({ timeframe: "5m", length: 6_000, seed: 1 }),
      madeInput({ timeframe: "3m", length: 4_500, seed: 2 }),
      madeInput({ timeframe: "15m", baseMs: 5 * MINUTE_MS, length: 3_000, seed: 3, volatilityPercent: 0.2 }),
      madeInput({ timeframe: "30m", baseMs: 30 * MINUTE_MS, length: 1_800, seed: 4, volatilityPercent: 0.5 }),
    ].map((input) => agreements(input));
    for (const count of signals) expect(count).toBeGreaterThan(2);
  });

  it("need no BTC and no funding", () => {
    const input = { ...madeInput({ length: 4_000, seed: 5 }), btc: null, funding: null };
    expect(agreements(input)).toBeGreaterThan(0);
  });

  it("take BTCUSDT as its own market", () => {
    expect(agreements({ ...madeInput({ length: 4_000, seed: 6 }), symbol: "BTCUSDT" })).toBeGreaterThan(0);
  });

  it("align a BTC series that starts and ends at other times by open time", () => {
    const input = madeInput({ length: 4_000, seed: 7 });
    const btc = input.btc;
    if (btc === null) throw new Error("the made market has BTC");
    const shifted = { ...btc, startMs: btc.startMs + 2 * HOUR_MS };
    expect(agreements({ ...input, btc: shifted })).toBeGreaterThan(0);
  });

  it.skipIf(sharedFile("data/candles") === null)(
    `are those of the plain rules on recorded candles (${NO_RECORDINGS})`,
    async () => {
      const input = await recordedInput({
        symbol: "SOLUSDT",
        timeframe: "15m",
        candles: "candles/BYBIT_SOLUSDT_1.csv.gz",
        btc: "candles/BYBIT_BTCUSDT_1.csv.gz",
        funding: "bybit/funding_SOLUSDT.csv.gz",
      });
      expect(agreements(input)).toBeGreaterThan(10);
    },
  );
});
