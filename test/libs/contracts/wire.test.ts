import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { backtestTaskSchema, tradingSignalSchema } from "#libs/contracts/messages.ts";
import { strategyStatisticsSchema } from "#libs/contracts/results-item.ts";
import { ContractError, fromWire, toWire } from "#libs/contracts/wire.ts";
import { backtestTask, tradingSignal } from "#test/support/factories/messages.ts";
import { statistics } from "#test/support/factories/results.ts";

describe("the mapper between TypeScript and the wire", () => {
  it("names the fields of a task as the design does", () => {
    expect(Object.keys(toWire(backtestTaskSchema, backtestTask(), "task")).sort()).toEqual(
      [
        "schema_version",
        "task_id",
        "scan_id",
        "scan_timestamp",
        "symbol",
        "timeframe",
        "volatility_24h",
        "turnover_24h",
        "price",
        "price_change_24h",
        "requested_at",
      ].sort(),
    );
  });

  it("names the fields of a signal as the design does", () => {
    expect(Object.keys(toWire(tradingSignalSchema, tradingSignal(), "signal")).sort()).toEqual(
      [
        "schema_version",
        "signal_id",
        "symbol",
        "timeframe",
        "strategy",
        "win_rate",
        "total_pnl",
        "total_trades",
        "confidence_avg",
        "scan_id",
        "issued_at",
      ].sort(),
    );
  });

  it("names what may be chance in a result, and brings it back", () => {
    const luck = statistics();
    const wire = toWire(strategyStatisticsSchema, luck, "statistics");
    expect(Object.keys(wire)).toEqual([
      "win_rate_low",
      "win_rate_high",
      "p_value",
      "sharpe",
      "probabilistic_sharpe",
      "deflated_sharpe",
      "trials",
      "buy_and_hold_pnl",
      "buy_and_hold_percent",
      "ambiguous_trades",
      "optimistic_pnl",
    ]);
    expect(fromWire(strategyStatisticsSchema, wire, "statistics")).toEqual(luck);
  });

  it("brings back what it sent, for any task", () => {
    fc.assert(
      fc.property(
        fc.record({
          symbol: fc.stringMatching(/^[A-Z0-9]{2,12}$/),
          price: fc.double({ min: 1e-9, max: 1e9, noNaN: true }),
          priceChange24h: fc.double({ min: -100, max: 1e4, noNaN: true }),
        }),
        (overrides) => {
          const task = backtestTask(overrides);
          const wire: unknown = JSON.parse(JSON.stringify(toWire(backtestTaskSchema, task, "task")));
          expect(fromWire(backtestTaskSchema, wire, "task")).toEqual(JSON.parse(JSON.stringify(task)));
        },
      ),
    );
  });

  it("leaves keys alone that are data", () => {
    const schema = z.record(z.string(), z.record(z.string(), z.object({ totalPnl: z.number() })));
    const value = { "1m": { BASIC: { totalPnl: 1 }, MY_2ND: { totalPnl: 2 } }, BTCUSDT: {} };
    const wire = toWire(schema, value, "results");
    expect(wire).toEqual({ "1m": { BASIC: { total_pnl: 1 }, MY_2ND: { total_pnl: 2 } }, BTCUSDT: {} });
    expect(fromWire(schema, wire, "results")).toEqual(value);
  });

  it("names every wrong field as it is called on the wire, with its value", () => {
    const wire = {
      ...toWire(backtestTaskSchema, backtestTask(), "task"),
      price_change_24h: "up",
      timeframe: "2m",
    };
    expect(() => fromWire(backtestTaskSchema, wire, "backtest-tasks message")).toThrow(ContractError);
    expect(() => fromWire(backtestTaskSchema, wire, "backtest-tasks message")).toThrow(
      /backtest-tasks message is invalid: .*timeframe: .*"2m".*price_change_24h: .*"up"/,
    );
  });

  it.each([[null], ["text"], [7], [[]], [undefined]])("refuses %j, which is no message at all", (value) => {
    expect(() => fromWire(backtestTaskSchema, value, "message")).toThrow(ContractError);
  });

  it.each([
    ["lists", "[".repeat(100_000) + "]".repeat(100_000)],
    ["objects", `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`],
  ])("refuses %s that are nested without end", (_what, text) => {
    expect(() => fromWire(backtestTaskSchema, JSON.parse(text), "message")).toThrow(ContractError);
    expect(() => fromWire(z.unknown(), JSON.parse(text), "message")).toThrow(
      /message is invalid: nested deeper than 32 levels/,
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("never lets %s out", (price) => {
    expect(() => toWire(backtestTaskSchema, backtestTask({ price }), "task")).toThrow(
      /task cannot be written: price/,
    );
  });

  it("refuses a version it does not know", () => {
    const wire = { ...toWire(backtestTaskSchema, backtestTask(), "task"), schema_version: 2 };
    expect(() => fromWire(backtestTaskSchema, wire, "message")).toThrow(/schema_version.*\(got 2\)/);
  });
});
