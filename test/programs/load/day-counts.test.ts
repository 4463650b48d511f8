import { describe, expect, it } from "vitest";
import { emptyCounts, readLog } from "./day-counts.ts";

const MINUTE = 29_000_003;

function read(...lines: (string | Record<string, unknown>)[]) {
  const counts = emptyCounts();
  const texts = lines.map((line) =>
    typeof line === "string"
      ? line
      : JSON.stringify({ level: "info", time: new Date(MINUTE * 60_000 + 2_400).toISOString(), ...line }),
  );
  readLog({ name: "finder 1", log: { read: () => texts } }, counts);
  return counts;
}
const signal = (timeframe: string, msg: string) => ({
  signalId: `SOLUSDT:${timeframe}:BASIC:${MINUTE}`,
  msg,
});

describe("what the services say of a day", () => {
  it("is counted once for each end of a signal, and twice when a signal ended twice", () => {
    const counts = read(
      { signals: 3, msg: "signals published" },
      signal("1m", "message received"),
      signal("1m", "position stored"),
      signal("1m", "position stored"),
      signal("3m", "[3/4] no entry"),
    );
    expect(counts.signalsPublished).toBe(3);
    expect([...counts.signals.values()]).toEqual([2, 1]);
    expect(Object.fromEntries(counts.ends)).toEqual({ "position stored": 2, "no entry": 1 });
  });

  it("tells the way from the candle's close to the table, of candles that closed at the signal's minute", () => {
    const counts = read(
      signal("1m", "position stored"),
      signal("1m", "[3/4] no entry"),
      signal("5m", "position stored"),
    );
    expect(counts.latenciesMs).toEqual([2_400]);
    expect(counts.decisionsMs).toEqual([2_400, 2_400]);
    expect(counts.olderEntries).toBe(1);
    expect([...counts.entries]).toEqual([
      `SOLUSDT@${MINUTE * 60}`,
      `SOLUSDT@${Math.floor(MINUTE / 5) * 300}`,
    ]);
  });

  it("keeps the reason of a complaint", () => {
    const counts = read({ level: "warn", msg: "a call failed", reason: "no answer within 3 s" });
    expect([...counts.complaints]).toEqual([["finder 1: a call failed (no answer within 3 s)", 1]]);
  });

  it("keeps every warning, error and line that is no log line", () => {
    const counts = read({ level: "error", msg: "backtest failed" }, "FATAL ERROR: heap out of memory");
    expect([...counts.complaints.keys()]).toEqual([
      "finder 1: backtest failed",
      "finder 1: FATAL ERROR: heap out of memory",
    ]);
    expect(counts.taskEnds).toBe(1);
  });
});
