import { describe, expect, it } from "vitest";
import { type Verification, verifyStrategy } from "#libs/backtest/verification/verify-strategy.ts";
import { openTimeMs } from "#libs/candles/candles.ts";
import { ADVANCED } from "#libs/strategy/advanced.ts";
import { BASIC } from "#libs/strategy/basic.ts";
import { type Decision, noSignal } from "#libs/strategy/decision.ts";
import type { MarketView } from "#libs/strategy/market-view.ts";
import { STRATEGIES } from "#libs/strategy/registry.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import { WARM_UP_CANDLES } from "#libs/strategy/warm-up.ts";
import { madeInput } from "#test/support/factories/study-inputs.ts";

const LONG: Decision = { kind: "signal", side: "LONG", confidence: 80, reasons: [] };
const NONE = noSignal("nothing to see");

const strategyOf = (isLong: (view: MarketView) => boolean, overrides: Partial<Strategy> = {}): Strategy => ({
  name: "MADE",
  description: "made for a test",
  defaults: {},
  decide: (view) => (isLong(view) ? LONG : NONE),
  ...overrides,
});

function fails(why: string): never {
  throw new Error(why);
}

/** The checks that failed. */
const failed = ({ violations }: Verification) =>
  Object.entries(violations)
    .filter(([, violation]) => violation !== null)
    .map(([check]) => check);

const market = () => madeInput({ timeframe: "5m", length: 8_000, seed: 1 });
/** Enough for what shows on any candle. */
const shortMarket = () => madeInput({ timeframe: "5m", length: 2_500, seed: 1 });

describe("verifying an honest strategy", () => {
  it.each(STRATEGIES.map((strategy) => [strategy.name, strategy] as const))(
    "finds nothing in %s",
    (_, strategy) => {
      for (const input of [
        madeInput({ timeframe: "5m", length: 9_000, seed: 1 }),
        madeInput({ timeframe: "30m", baseMs: 1_800_000, length: 2_500, seed: 4, volatilityPercent: 0.5 }),
      ]) {
        const verification = verifyStrategy(strategy, input);
        expect(failed(verification)).toEqual([]);
        expect(verification.signals).toBeGreaterThan(0);
        expect(verification.lookedAt).toBe(verification.decided);
        expect(verification.warmUpNeeded).toBeLessThanOrEqual(WARM_UP_CANDLES);
      }
    },
  );

  it("finds nothing in any indicator of the market view", () => {
    const { coinTrend, btcTrend, zones } = ADVANCED.defaults;
    const asksAll = strategyOf((view) => {
      const answers = [
        [view.open(1), view.high(2), view.low(3), view.close(4), view.volume(5), view.rsi(), view.rsi(6)],
        [view.isBullishCandle(BASIC.defaults.candle), view.isBearishCandle(BASIC.defaults.candle)],
        [view.changePercent(30), view.ma5(), view.ma20(), view.bandLower(), view.bandUpper()],
        [
          view.bandWidthPercent(),
          view.percentB(),
          view.coinTrend(coinTrend),
          view.coinTrendStrength(coinTrend),
        ],
        [view.btcTrend(btcTrend), view.btcTrends("UP", btcTrend), view.btcTrendStrength(btcTrend)],
        [view.btcChangePercent(btcTrend), view.fundingRate(), view.fundingSentiment(), view.frameCount()],
        [
          view.framesNearLevel(BASIC.defaults.levelRatios, 0.005),
          view.support(zones),
          view.resistance(zones),
        ],
        [view.supportDistancePercent(zones), view.resistanceDistancePercent(zones)],
      ].flat();
      return answers.length > 20 && view.rsi() > 70;
    });
    const verification = verifyStrategy(asksAll, madeInput({ timeframe: "3m", length: 6_000, seed: 9 }));
    expect(failed(verification)).toEqual([]);
    expect(verification.signals).toBeGreaterThan(0);
  });

  it("measures how many candles it must be warmed up with", () => {
    const needed = (isLong: (view: MarketView) => boolean) =>
      verifyStrategy(strategyOf(isLong), market()).warmUpNeeded;
    expect(needed((view) => view.ma5() > view.ma20())).toBe(60);
    expect(needed((view) => view.close() > view.close(120))).toBe(150);
    // Wilder's average still feels its seed after 300 candles: (13 / 14)^300 is 2e-10.
    expect(needed((view) => view.rsi() > 60)).toBe(400);
  });

  it("says what it does before each pass over the candles", () => {
    const passes: string[] = [];
    verifyStrategy(
      strategyOf((view) => view.rsi() > 70),
      market(),
      (when) => passes.push(when),
    );
    expect(passes).toContain("the future is cut off");
    expect(passes).toContain(`only ${WARM_UP_CANDLES} candles before it are known`);
    expect(new Set(passes).size).toBe(passes.length);
  });

  it("leaves the market as it was", () => {
    const input = market();
    const before = [...input.frameCandles.values(), input.candles, input.btc].map((series) =>
      series?.close.slice(),
    );
    verifyStrategy(
      strategyOf((view) => view.rsi() > 70),
      input,
    );
    const after = [...input.frameCandles.values(), input.candles, input.btc].map((series) => series?.close);
    expect(after).toEqual(before);
  });

  it("needs neither BTC nor funding", () => {
    const input = { ...market(), btc: null, funding: null };
    for (const strategy of STRATEGIES) expect(failed(verifyStrategy(strategy, input))).toEqual([]);
  });
});

describe("verifying a strategy that cheats", () => {
  it("catches one that holds on to the candles and looks at the next one", () => {
    const input = market();
    const { close, length } = input.candles;
    const rises = (i: number) => (close[i + 1] ?? 0) > (close[i] ?? 0);
    const cheat = strategyOf((view) => rises(close.indexOf(view.close())));
    const verification = verifyStrategy(cheat, input);
    const violation = verification.violations["look-ahead"];
    expect(violation).toMatchObject({
      what: "decision",
      when: "the future rises instead",
      found: "LONG with confidence 80",
    });
    // The first candle that a rising future turns into a signal: the next close is not higher as it is. (A close that was
    // there before leads this cheat to the older candle.)
    const first = Array.from({ length }, (_, i) => i).find(
      (i) => i >= 60 && close.indexOf(close[i] ?? 0) === i && !rises(i),
    );
    expect(violation?.index).toBe(first);
    expect(violation?.timeMs).toBe(openTimeMs(input.candles, first ?? 0));
    expect(violation?.candles).toBeGreaterThan(100);
    expect(verification.violations.memory).toBeNull();
  });

  it("catches one that only profits from a future that rises already", () => {
    const input = market();
    const { close } = input.candles;
    // Blind to a rise: what it sees is whether the price ten candles on has fallen by a tenth.
    const cheat = strategyOf(
      (view) => (close[close.indexOf(view.close()) + 10] ?? Infinity) < view.close() * 0.9,
    );
    expect(verifyStrategy(cheat, input).violations["look-ahead"]?.when).toBe("the future falls instead");
  });

  it("catches one that looks at a Fibonacci frame's unfinished candle", () => {
    const input = market();
    const hour = input.frameCandles.get(1_800_000);
    if (hour === undefined) throw new Error("the made market has half hours");
    const { close } = input.candles;
    const cheat = strategyOf((view) => {
      const closesMs = openTimeMs(input.candles, close.indexOf(view.close()) + 1);
      const running = Math.floor((closesMs - hour.startMs) / hour.intervalMs);
      return (hour.high[running] ?? 0) > view.close() * 1.004;
    });
    expect(failed(verifyStrategy(cheat, input))).toContain("look-ahead");
  });

  it("catches one that remembers", () => {
    let last = 0;
    const forgetful = strategyOf((view) => {
      const risen = view.close() > last;
      last = view.close();
      return risen;
    });
    const violation = verifyStrategy(forgetful, market()).violations.memory;
    expect(violation?.what).toBe("decision");
    expect(violation?.when).toBe("candles are decided in another order");
  });

  it("catches one that has learnt the whole market on its first walk", () => {
    const input = market();
    const known: number[] = [];
    const learned = strategyOf((view) => {
      const next = known[known.indexOf(view.close()) + 1];
      known.push(view.close());
      return next !== undefined && next > view.close();
    });
    expect(failed(verifyStrategy(learned, input))).toContain("memory");
  });

  it("catches one that looks back further than the live services load", () => {
    const depth = (view: MarketView): number => {
      let back = 0;
      try {
        for (; ; back += 100) view.close(back);
      } catch {
        return back;
      }
    };
    const violation = verifyStrategy(
      strategyOf((view) => depth(view) % 200 === 0),
      market(),
    ).violations["warm-up"];
    expect(violation?.when).toBe(`only ${WARM_UP_CANDLES} candles before it are known`);
    // Candle 599 has five hundreds before it, live and in the file; the one after it has six in the file only.
    expect(violation?.index).toBe(600);
    const verification = verifyStrategy(
      strategyOf((view) => depth(view) % 200 === 0),
      market(),
    );
    expect(verification.warmUpNeeded).toBeNull();
  });

  it("names the indicator that depends on what came before", () => {
    const older = strategyOf((view) => {
      try {
        return view.changePercent(560) > 1;
      } catch {
        return false;
      }
    });
    const violation = verifyStrategy(older, market()).violations["warm-up"];
    expect(violation?.what).toBe("changePercent(560)");
    expect(violation?.found).toBe("NaN");
  });

  it("catches one that knows a price by heart", () => {
    const violation = verifyStrategy(
      strategyOf((view) => view.close() > 150),
      market(),
    ).violations.scale;
    expect(violation?.what).toBe("decision");
    expect(violation?.when).toMatch(/^all prices are/);
  });

  it("catches a gate that is closed where there is a signal", () => {
    const gated = strategyOf((view) => view.rsi() > 60, {
      gate: () => ({ changeWindow: 30, changePercent: Infinity, rsiAtMost: -Infinity, rsiAtLeast: 65 }),
    });
    const input = market();
    const violation = verifyStrategy(gated, input).violations.gate;
    expect(violation?.what).toBe("gate");
    expect(
      failed(
        verifyStrategy(
          {
            ...gated,
            gate: () => ({ changeWindow: 1, changePercent: 0, rsiAtMost: -Infinity, rsiAtLeast: 60 }),
          },
          input,
        ),
      ),
    ).toEqual([]);
  });

  it("catches one whose counter falls into step with the candles asked about backwards", () => {
    // Every seventh call is a signal: backwards, the same candles may be the seventh ones again.
    for (const offset of [0, 1, 2, 3, 4, 5, 6]) {
      let calls = offset;
      const counting = strategyOf(() => calls++ % 7 === 0);
      expect(verifyStrategy(counting, shortMarket()).violations.memory?.what).toBe("decision");
    }
  });

  it("catches one that knows a volume by heart", () => {
    const violation = verifyStrategy(
      strategyOf((view) => view.volume() > 1000),
      shortMarket(),
    ).violations.scale;
    expect(violation?.when).toMatch(/^all volumes are/);
  });

  it("catches one that looks at the next candle's volume or at a rate that has not settled", () => {
    const input = market();
    const { close, volume } = input.candles;
    const heavier = strategyOf((view) => (volume[close.indexOf(view.close()) + 1] ?? 0) > view.volume());
    expect(failed(verifyStrategy(heavier, input))).toContain("look-ahead");
    const rates = input.funding?.rate ?? new Float64Array(0);
    const last = (rates.at(-1) ?? 0) * 1.1;
    const knowsRates = strategyOf((view) => view.rsi() > 60 && Math.abs(rates.at(-1) ?? 0) > Math.abs(last));
    expect(failed(verifyStrategy(knowsRates, input))).toContain("look-ahead");
  });

  it("catches one that asks for a later candle, though it gets no answer", () => {
    const hopeful = strategyOf((view) => {
      try {
        return view.close(-1) > view.close();
      } catch {
        return false;
      }
    });
    expect(verifyStrategy(hopeful, shortMarket()).violations["look-ahead"]).toMatchObject({
      what: "close(-1)",
      when: null,
      index: 60,
    });
  });

  it.each([
    ["the clock's year", () => new Date().getFullYear() < 0, "asks the clock"],
    ["the time since the start", () => performance.now() < 0, "asks the clock"],
    ["the date as text", () => Date() === "", "asks the clock"],
    ["chance", () => Math.random() < 0, "asks chance"],
  ])("catches one that asks %s, even when it decides the same each time", (_, isLong, found) => {
    const before = [Date, Date.now, Math.random, performance.now];
    const { violations } = verifyStrategy(strategyOf(isLong), shortMarket());
    expect(violations.decision?.found).toContain(found);
    expect(violations.decision?.index).toBe(60);
    expect([Date, Date.now, Math.random, performance.now]).toEqual(before);
  });

  it("lets a strategy reckon with dates that it is not told by the clock", () => {
    const calendar = strategyOf((view) => new Date(view.close() * 1e9).getUTCDay() === 9);
    expect(failed(verifyStrategy(calendar, shortMarket()))).toEqual([]);
  });

  it.each<[string, (view: MarketView) => unknown, string]>([
    ["throws", () => fails("cannot"), "an error: Error: cannot"],
    ["answers nothing", () => undefined, "no decision but undefined"],
    ["answers later", async () => LONG, "no decision but a promise"],
    ["answers something else", () => ({ kind: "buy" }), "a decision of kind buy"],
    ["refuses without a reason", () => ({ kind: "none" }), "a refusal without a reason"],
    ["has an unknown side", () => ({ ...LONG, side: "BUY" }), "a signal with side BUY"],
    ["is sure of nothing", () => ({ ...LONG, confidence: Number.NaN }), "a signal with confidence NaN"],
    ["is more than sure", () => ({ ...LONG, confidence: 101 }), "a signal with confidence 101"],
    ["gives no reasons", () => ({ ...LONG, reasons: undefined }), "a signal without a list of reasons"],
  ])("catches one that %s on some candle", (_, decide, found) => {
    const made = strategyOf(() => false);
    // What types forbid, a cast or plain JavaScript allows.
    const broken = {
      ...made,
      decide: (view: MarketView) => (view.rsi() > 70 ? decide(view) : NONE),
    } as Strategy;
    const input = shortMarket();
    const honest = verifyStrategy(
      strategyOf((view) => view.rsi() > 70),
      input,
    );
    const { violations, signals } = verifyStrategy(broken, input);
    expect(signals).toBe(0);
    expect(violations.decision?.found).toBe(found);
    expect(violations.decision?.candles).toBe(honest.signals);
    expect(violations.memory).toBeNull();
  });

  it("catches one that writes to its parameters or to the view", () => {
    const parameters = { calls: 0 };
    const counting = strategyOf(() => false, {
      defaults: parameters,
      decide: () => (parameters.calls++ % 2 === 0 ? LONG : NONE),
    });
    expect(failed(verifyStrategy(counting, shortMarket()))).toContain("memory");
    const writing: Strategy = {
      ...counting,
      defaults: { calls: 0 },
      decide: (_, given) => (Reflect.set(given, "calls", 1) ? LONG : NONE),
    };
    expect(verifyStrategy(writing, shortMarket()).violations.decision?.when).toBe(
      "it is asked as a backtest asks",
    );
    expect(writing.defaults).toEqual({ calls: 0 });
    const meddling = strategyOf((view) => Object.assign(view, { rsi: () => 99 }).rsi() > 60);
    expect(verifyStrategy(meddling, shortMarket()).violations.decision?.found).toContain(
      "an error: TypeError",
    );
  });

  it("catches one that behaves only while it is watched", () => {
    const sly = strategyOf((view) => "moveTo" in view && view.rsi() > 60);
    const violation = verifyStrategy(sly, shortMarket()).violations.decision;
    expect(violation).toMatchObject({ when: "it is asked as a backtest asks", expected: "no signal" });
  });

  it("catches a gate that fails", () => {
    const gated = strategyOf((view) => view.rsi() > 60, { gate: () => fails("no gate") });
    expect(verifyStrategy(gated, shortMarket()).violations.gate?.found).toBe("an error: Error: no gate");
  });

  it("restores the market when the strategy fails, and reports where it fails in one case only", () => {
    const input = market();
    const { close } = input.candles;
    const before = close.slice();
    const fragile = strategyOf((view) => {
      if ((close[close.indexOf(view.close()) + 1] ?? 0) > view.close() * 1.2) throw new Error("too good");
      return false;
    });
    const violation = verifyStrategy(fragile, input).violations["look-ahead"];
    expect(violation?.found).toContain("too good");
    expect(close).toEqual(before);
  });
});
