import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StrategyFigures } from "#libs/contracts/results-item.ts";
import { type Candidate, choose, type Refusal } from "#services/selector/choose.ts";
import { distanceOf, nameOf, nearestRefusals } from "#services/selector/nearest-refusals.ts";
import { figures } from "#test/support/factories/results.ts";

const THRESHOLDS = { minWinRate: 45, minPnl: 100, minTrades: 20 };

const traded = fc
  .record({
    totalTrades: fc.integer({ min: 1, max: 40 }),
    winRate: fc.float({ min: 0, max: 100, noNaN: true }),
    totalPnl: fc.float({ min: -1_000, max: 1_000, noNaN: true }),
  })
  .map((overrides) => figures(overrides));

function candidate(of: StrategyFigures, number = 0): Candidate {
  return { symbol: `C${number}USDT`, timeframe: "5m", strategy: "BASIC", scanId: "scan-1", figures: of };
}

function refusalsOf(all: readonly StrategyFigures[]): Refusal[] {
  return all
    .map((one, i) => choose(candidate(one, i), THRESHOLDS))
    .filter((choice): choice is Refusal => choice.kind === "refused");
}

describe("the nearest refusals", () => {
  it("are those whose farthest figure is the least below its limit, in parts of the limit", () => {
    const refusals = refusalsOf([
      figures({ totalTrades: 10 }),
      figures({ winRate: 44.1 }),
      // Near by its trades, which decide, and far by its PnL.
      figures({ totalTrades: 19, totalPnl: -300 }),
      figures({ totalPnl: 90 }),
    ]);
    expect(nearestRefusals(refusals, 3).map(({ candidate: { symbol } }) => symbol)).toEqual([
      "C1USDT",
      "C3USDT",
      "C0USDT",
    ]);
    expect(refusals.map(distanceOf)).toEqual([0.5, expect.closeTo(0.02), 4, 0.1]);
    expect(refusals[2]).toMatchObject({
      by: "trades",
      shortfalls: [
        { code: "trades", value: 19, limit: 20, distance: 0.05 },
        { code: "pnl", value: -300, limit: 100, distance: 4 },
      ],
    });
  });

  it("do not depend on the order in which the strategies are judged", () => {
    fc.assert(
      fc.property(
        fc.array(traded, { maxLength: 50 }),
        fc.integer({ min: 0, max: 40 }),
        fc.gen(),
        (all, most, g) => {
          const refusals = refusalsOf(all);
          const shuffled = g(fc.shuffledSubarray, refusals, { minLength: refusals.length });
          const names = (list: readonly Refusal[]) => list.map((refusal) => nameOf(refusal.candidate));
          expect(names(nearestRefusals(shuffled, most))).toEqual(names(nearestRefusals(refusals, most)));
        },
      ),
    );
  });

  it("are all nearer than those that are left out", () => {
    fc.assert(
      fc.property(fc.array(traded, { maxLength: 50 }), fc.integer({ min: 0, max: 40 }), (all, most) => {
        const refusals = refusalsOf(all);
        const nearest = nearestRefusals(refusals, most);
        expect(nearest).toHaveLength(Math.min(most, refusals.length));
        const farthest = Math.max(0, ...nearest.map(distanceOf));
        for (const left of refusals.filter((refusal) => !nearest.includes(refusal))) {
          expect(distanceOf(left)).toBeGreaterThanOrEqual(farthest);
        }
      }),
    );
  });

  it("come no later for a better figure: more trades, a higher win rate or PnL", () => {
    const limit = fc.integer({ min: -100, max: 200 });
    const thresholds = fc.record({ minWinRate: limit, minPnl: limit, minTrades: limit });
    fc.assert(
      fc.property(traded, traded, thresholds, (one, other, limits) => {
        const best = (name: "totalTrades" | "winRate" | "totalPnl") =>
          Math.max(one[name] ?? 0, other[name] ?? 0);
        const better = {
          ...one,
          totalTrades: best("totalTrades"),
          winRate: best("winRate"),
          totalPnl: best("totalPnl"),
        };
        const distance = (of: StrategyFigures) => {
          const choice = choose(candidate(of), limits);
          return choice.kind === "taken" ? 0 : distanceOf(choice);
        };
        expect(distance(better)).toBeLessThanOrEqual(distance(one));
      }),
    );
  });

  it("have a distance in the figure's own unit where the limit is 0", () => {
    const choice = choose(candidate(figures({ totalPnl: -3 })), { ...THRESHOLDS, minPnl: 0 });
    expect(choice.kind === "refused" && distanceOf(choice)).toBe(3);
  });
});
