import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { noSignal } from "#libs/strategy/decision.ts";
import type { MarketView } from "#libs/strategy/market-view.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import { runVerifyStrategy } from "#services/cli/verify/run-verify-strategy.ts";
import { captured } from "#test/support/captured-output.ts";
import { candleFileText } from "#test/support/factories/candle-file.ts";
import { madeCandles } from "#test/support/factories/made-candles.ts";
import { withoutSummaries } from "#test/support/without-summaries.ts";

const folder = mkdtempSync(path.join(tmpdir(), "verify-strategy-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, length: number): string {
  const written = path.join(folder, name);
  writeFileSync(written, candleFileText(madeCandles({ length, seed: 21, volatilityPercent: 0.15 })));
  return written;
}
const candles = file("candles.csv", 4_000);

const made = (isLong: (view: MarketView) => boolean): readonly Strategy[] => [
  {
    name: "MADE",
    description: "made for a test",
    defaults: {},
    decide: (view) =>
      isLong(view) ? { kind: "signal", side: "LONG", confidence: 80, reasons: [] } : noSignal("quiet"),
  },
];

function fails(why: string): never {
  throw new Error(why);
}

function laterClose(view: MarketView): boolean {
  try {
    return view.close(-1) > view.close();
  } catch {
    return false;
  }
}

describe("verify-strategy", () => {
  it("exits with 0 and says what holds for an honest strategy", async () => {
    for (const strategy of ["BASIC", "ADVANCED"]) {
      const args = ["--strategy", strategy, "--candles", candles];
      const { code, out, err } = await captured((output) => runVerifyStrategy(args, output));
      expect({ code, err: withoutSummaries(err) }).toEqual({ code: 0, err: "" });
      expect(out.match(/ ok /g)).toHaveLength(6);
    }
  });

  it("exits with 1 and names the first candle for one that is not", async () => {
    const args = ["--strategy", "MADE", "--candles", candles, "--timeframe", "1m"];
    const dear = made((view) => view.close() > 150);
    const { code, out, err } = await captured((output) => runVerifyStrategy(args, output, dear));
    expect({ code, err: withoutSummaries(err) }).toEqual({ code: 1, err: "" });
    expect(out).toMatch(
      /scale\s+FAILS decision changes when all prices are .*, from .* to .*: first at candle \d+, 2025-/,
    );
    expect(out.match(/ ok /g)).toHaveLength(5);
    const json = await captured((output) => runVerifyStrategy([...args, "--json"], output, dear));
    expect(json.code).toBe(1);
    const found = JSON.parse(json.out);
    expect(found).toMatchObject({ strategy: "MADE", timeframe: "1m", sound: false, candles: 3_940 });
    expect(found.checks["look-ahead"]).toBeNull();
    expect(out).toContain(`candle ${found.checks.scale.first_candle}, `);
  });

  it.each([
    ["an error", () => fails("no idea"), "an error: Error: no idea instead of"],
    [
      "the clock",
      () => Date.now() < 0,
      "a decision that asks the clock instead of one made from candles alone",
    ],
    ["a later candle", laterClose, "close(-1) asks for a candle that has not closed"],
  ])("exits with 1 and says what was wrong with a decision that rests on %s", async (_, isLong, sentence) => {
    const args = ["--strategy", "MADE", "--candles", candles];
    const { code, out } = await captured((output) => runVerifyStrategy(args, output, made(isLong)));
    expect(code).toBe(1);
    expect(out).toContain(sentence);
    expect(out).toContain("first at candle 60, ");
  });

  it("says that a file is too short to try the warm-up", async () => {
    const args = ["--strategy", "BASIC", "--candles", file("short.csv", 450), "--timeframe", "1m"];
    const { code, out } = await captured((output) => runVerifyStrategy(args, output));
    expect(code).toBe(0);
    expect(out).toMatch(/warm-up\s+- +not tried: it needs more than 501 candles/);
    expect(out).not.toContain("no longer changes");
    const json = await captured((output) => runVerifyStrategy([...args, "--json"], output));
    expect(JSON.parse(json.out)).toMatchObject({ warm_up_tried_at: 0, warm_up_needed: null, sound: true });
  });

  it("says when there was no signal to look at", async () => {
    const args = ["--strategy", "MADE", "--candles", candles];
    const { code, out } = await captured((output) =>
      runVerifyStrategy(
        args,
        output,
        made(() => false),
      ),
    );
    expect(code).toBe(0);
    expect(out).toContain("no signal");
  });

  it.each([
    ["an unknown strategy", ["--strategy", "MAGIC", "--candles", candles]],
    ["no strategy", ["--candles", candles]],
    ["an unknown timeframe", ["--strategy", "BASIC", "--candles", candles, "--timeframe", "7m"]],
    ["a missing file", ["--strategy", "BASIC", "--candles", path.join(folder, "none.csv")]],
    ["too few candles", ["--strategy", "BASIC", "--candles", file("few.csv", 300)]],
  ])("refuses %s with exit code 2 and a silent standard output", async (_, args) => {
    const { code, out, err } = await captured((output) => runVerifyStrategy(args, output));
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).not.toBe("");
  });

  it("runs as a process", async () => {
    const args = [
      "--import",
      "tsx",
      "services/cli/verify/main.ts",
      "--strategy",
      "BASIC",
      "--candles",
      candles,
    ];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(stdout).toMatch(/^BASIC on UNKNOWN 5m: 740 candles/);
  });
});
