import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { equityCurve } from "#libs/chart/equity-curve.ts";
import { monthlyResults } from "#services/cli/backtest/report/monthly-results.ts";

const FROM = Date.UTC(2024, 10, 15, 7);
const TO = Date.UTC(2025, 1, 3, 12);
const exit = (timeMs: number, net: number) => ({ timeMs, net });

const exits = fc
  .array(fc.tuple(fc.integer({ min: FROM, max: TO - 1 }), fc.integer({ min: -2000, max: 4000 })), {
    maxLength: 80,
  })
  .map((rows) =>
    rows.map(([timeMs, cents]) => exit(timeMs, cents / 100)).sort((a, b) => a.timeMs - b.timeMs),
  );

describe("monthly results", () => {
  it("count a trade in the month (UTC) of its exit", () => {
    const months = monthlyResults(FROM, TO, [
      exit(Date.UTC(2024, 10, 30, 23, 59), 5),
      exit(Date.UTC(2024, 11, 1), -2),
      exit(Date.UTC(2024, 11, 24), 0),
    ]);
    expect(months).toEqual([
      { year: 2024, month: 10, trades: 1, wins: 1, net: 5 },
      { year: 2024, month: 11, trades: 2, wins: 0, net: -2 },
      { year: 2025, month: 0, trades: 0, wins: 0, net: 0 },
      { year: 2025, month: 1, trades: 0, wins: 0, net: 0 },
    ]);
  });

  it("do not list the month that begins where the window ends", () => {
    expect(monthlyResults(FROM, Date.UTC(2024, 11, 1), [])).toHaveLength(1);
  });

  it("add up to the whole", () => {
    fc.assert(
      fc.property(exits, (list) => {
        const months = monthlyResults(FROM, TO, list);
        expect(months.reduce((sum, { net }) => sum + net, 0)).toBeCloseTo(
          list.reduce((sum, { net }) => sum + net, 0),
          6,
        );
        expect(months.reduce((sum, { trades }) => sum + trades, 0)).toBe(list.length);
      }),
    );
  });

  it("refuse an exit outside of the window", () => {
    expect(() => monthlyResults(FROM, TO, [exit(Date.UTC(2026, 0), 1)])).toThrow(RangeError);
  });
});

describe("the equity curve", () => {
  it("ends at the total and keeps the deepest drawdown, on any grid", () => {
    fc.assert(
      fc.property(exits, fc.integer({ min: 2, max: 500 }), (list, points) => {
        const curve = equityCurve(FROM, TO, list, points);
        let equity = 0;
        let peak = 0;
        let deepest = 0;
        for (const { net } of list) {
          equity += net;
          peak = Math.max(peak, equity);
          deepest = Math.min(deepest, equity - peak);
        }
        expect(curve.at(-1)?.equity ?? 0).toBeCloseTo(equity, 6);
        expect(Math.min(0, ...curve.map(({ drawdown }) => drawdown))).toBeCloseTo(deepest, 6);
        expect(curve.length).toBeLessThanOrEqual(points);
      }),
    );
  });

  it("is even in time", () => {
    const times = equityCurve(FROM, TO, [exit(FROM + 1, 5)], 100).map(({ timeMs }) => timeMs);
    const steps = new Set(times.slice(1).map((time, k) => time - (times[k] ?? 0)));
    expect(steps.size).toBe(1);
    expect(times[0]).toBe(FROM);
  });

  it("shows a loss from the first trade as drawdown, although no peak came before it", () => {
    const [first] = equityCurve(FROM, TO, [exit(FROM, -7)], 10);
    expect(first).toEqual({ timeMs: FROM, equity: -7, drawdown: -7 });
  });
});
