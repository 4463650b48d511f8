import { describe, expect, it } from "vitest";
import { ConfigurationError } from "#libs/config/configuration.ts";
import { type LocalOptions, parseLocalOptions } from "#services/local/options.ts";

const DEFAULTS: LocalOptions = {
  market: "synthetic",
  data: null,
  fromMs: null,
  speed: null,
  once: false,
  json: false,
  seed: null,
  port: null,
};

function parse(...args: string[]): LocalOptions | null {
  return parseLocalOptions(args, () => {
    throw new Error("nothing is to be printed");
  });
}

function complaintOf(args: readonly string[]): string {
  try {
    parse(...args);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  throw new Error(`${args.join(" ")} was accepted`);
}

describe("the command line of npm start", () => {
  it.each([
    [[], {}],
    [["--once"], { once: true }],
    [["--once", "--json"], { once: true, json: true }],
    [["--market", "bybit"], { market: "bybit" }],
    [["--market=replay", "--data", "candles"], { market: "replay", data: "candles" }],
    [["--from", "2026-01-15T12:00:30Z"], { fromMs: Date.UTC(2026, 0, 15, 12, 0, 30) }],
    [["--from", "2026-01-15T12:00:30"], { fromMs: Date.UTC(2026, 0, 15, 12, 0, 30) }],
    [["--speed", "60"], { speed: 60 }],
    [["--speed", "0"], { speed: 0 }],
    [["--speed", "0.5"], { speed: 0.5 }],
    [["--seed", "0"], { seed: 0 }],
    [["--seed", "4294967295"], { seed: 4_294_967_295 }],
    [["--port", "0"], { port: 0 }],
    [["--port", "8000", "--once"], { port: 8_000, once: true }],
  ] satisfies [string[], Partial<LocalOptions>][])("reads %j", (args, expected) => {
    expect(parse(...args)).toEqual({ ...DEFAULTS, ...expected });
  });

  it.each([
    [["--market", "binance"], /--market.*binance.*synthetic, bybit, replay/],
    [["--from", "yesterday"], /--from.*"yesterday"/],
    [["--from", "5"], /--from.*"5"/],
    [["--speed", "fast"], /--speed.*"fast"/],
    [["--speed=-1"], /--speed.*"-1"/],
    [["--speed", "1001"], /--speed.*"1001"/],
    [["--speed", ""], /--speed.*""/],
    [["--speed", "0x10"], /--speed.*"0x10"/],
    [["--seed", "1.5"], /--seed.*"1.5"/],
    [["--seed", "4294967296"], /--seed.*"4294967296"/],
    [["--port", "65536"], /--port.*"65536"/],
    [["--port", "http"], /--port.*"http"/],
    [["--port"], /--port/],
    [["--fast"], /--fast/],
    [["replay"], /argument/],
    [["--market", "replay"], /--market replay requires --data/],
    [["--data", "candles"], /--data requires --market replay/],
    [["--market", "bybit", "--speed", "2"], /--speed.*simulated/],
    [["--market", "bybit", "--from", "2026-01-15"], /--from.*simulated/],
    [["--market", "replay", "--data", "x", "--seed", "1"], /--seed requires --market synthetic/],
    [["--json"], /--json.*--once/],
  ])("refuses %j in one line that names the option and what is wrong", (args, complaint) => {
    const text = complaintOf(args);
    expect(text).toMatch(complaint);
    expect(text.split("\n")).toHaveLength(1);
  });

  it("prints the help, every option in it, and nothing runs", () => {
    let printed = "";
    const options = parseLocalOptions(["--help"], (text) => {
      printed += text;
    });
    expect(options).toBeNull();
    for (const name of ["market", "data", "from", "speed", "once", "json", "seed", "port"]) {
      expect(printed).toContain(`--${name}`);
    }
  });
});
