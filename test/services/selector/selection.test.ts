import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { selectionContentSchema } from "#libs/contracts/selection-item.ts";
import { toWire } from "#libs/contracts/wire.ts";
import { contentHash } from "#libs/store/dynamodb/status/content-hash.ts";
import { type Choice, choose } from "#services/selector/choose.ts";
import { MOST_TAKEN_BYTES, selectionOf } from "#services/selector/selection.ts";
import { figures } from "#test/support/factories/results.ts";

const THRESHOLDS = { minWinRate: 45, minPnl: 100, minTrades: 20 };
const SEEN = { coins: 3, newestScanId: "scan-1" };

function choice(symbol: string, overrides: Parameters<typeof figures>[0], strategy = "BASIC"): Choice {
  const candidate = {
    symbol,
    timeframe: "5m" as const,
    strategy,
    scanId: "scan-1",
    figures: figures(overrides),
  };
  return choose(candidate, THRESHOLDS);
}

describe("the stored selection", () => {
  it("has what was taken with what may be chance, counts of the refusals, and the nearest of them", () => {
    const selection = selectionOf(
      [
        choice("AUSDT", {}),
        choice("BUSDT", { totalPnl: 300 }),
        choice("CUSDT", { winRate: 44.1 }),
        choice("DUSDT", { totalTrades: 2, winRate: 0, totalPnl: -5 }),
      ],
      SEEN,
      THRESHOLDS,
    );
    expect(selection).toMatchObject({
      coins: 3,
      newestScanId: "scan-1",
      judged: 4,
      limits: [
        { code: "trades", limit: 20 },
        { code: "win_rate", limit: 45 },
        { code: "pnl", limit: 100 },
      ],
      takenCount: 2,
      refusedCount: 2,
      refused: [
        { code: "trades", count: 1 },
        { code: "win_rate", count: 1 },
        { code: "pnl", count: 0 },
      ],
    });
    expect(selection.taken).toMatchObject([
      { symbol: "BUSDT", totalPnl: 300 },
      {
        symbol: "AUSDT",
        judgedBy: "scan-1",
        pValue: 0.0321,
        winRateLow: 39.2,
        deflatedSharpe: null,
        trials: 300,
      },
    ]);
    expect(selection.nearestRefusals).toMatchObject([
      { symbol: "CUSDT", code: "win_rate", value: 44.1, limit: 45, distance: 0.02 },
      { symbol: "DUSDT", code: "trades", value: 2, limit: 20, distance: 1.05 },
    ]);
  });

  it("is the same for any order of the results", () => {
    const some = fc.record({
      totalTrades: fc.integer({ min: 10, max: 30 }),
      winRate: fc.integer({ min: 40, max: 50 }),
      totalPnl: fc.integer({ min: 90, max: 110 }),
    });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 60 }), fc.gen(), (all, g) => {
        const choices = all.map((overrides, i) => choice(`C${i}USDT`, overrides));
        const shuffled = g(fc.shuffledSubarray, choices, { minLength: choices.length });
        const hash = (of: readonly Choice[]) =>
          contentHash(toWire(selectionContentSchema, selectionOf(of, SEEN, THRESHOLDS), "selection"));
        expect(hash(shuffled)).toBe(hash(choices));
      }),
    );
  });

  it("differs when a figure, a limit, a refusal or the scan does", () => {
    const hash = (choices: readonly Choice[], seen = SEEN, thresholds = THRESHOLDS) =>
      contentHash(selectionOf(choices, seen, thresholds));
    const taken = choice("AUSDT", {});
    const hashes = [
      hash([taken]),
      hash([choice("AUSDT", { totalPnl: 120.51 })]),
      hash([taken], SEEN, { ...THRESHOLDS, minPnl: 99 }),
      hash([taken, choice("BUSDT", { winRate: 1 })]),
      hash([taken, choice("BUSDT", { winRate: 2 })]),
      hash([taken], { ...SEEN, newestScanId: "scan-2" }),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it("lists the best by PnL when not all that were taken fit into an item, and counts them all", () => {
    const choices = Array.from({ length: 2_000 }, (_, i) =>
      choice(`${"비".repeat(20)}${i}`, { totalPnl: 1_000 + i, profitFactor: 1.234_567_890_123 }),
    );
    const selection = selectionOf(choices, SEEN, THRESHOLDS);
    expect(selection.takenCount).toBe(2_000);
    expect(selection.taken.length).toBeGreaterThan(500);
    expect(selection.taken.length).toBeLessThan(1_000);
    expect(selection.taken[0]?.totalPnl).toBe(2_999);
    const bytes = Buffer.byteLength(JSON.stringify(toWire(selectionContentSchema, selection, "selection")));
    expect(bytes).toBeLessThan(400_000);
    expect(bytes).toBeGreaterThan(MOST_TAKEN_BYTES - 1_000);
  });
});
