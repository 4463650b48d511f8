import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { SettingsError } from "#infra/config/settings.ts";
import { contextOf } from "#infra/cost/context-of.ts";
import { ConfigurationError } from "#libs/config/configuration.ts";
import { runBacktest } from "#services/cli/backtest/run-backtest.ts";
import { runDlq } from "#services/cli/dlq/run-dlq.ts";
import { parseDownloadArguments, windowOf } from "#services/cli/download/download-arguments.ts";
import { runOptimize } from "#services/cli/optimize/run-optimize.ts";
import type { Output } from "#services/cli/shared/parse-command.ts";
import { parseSimulatorArguments } from "#services/cli/simulator/simulator-arguments.ts";
import { runVerifyStrategy } from "#services/cli/verify/run-verify-strategy.ts";
import { parseLocalOptions } from "#services/local/options.ts";
import { badText } from "#test/programs/fuzz/bad-values.ts";
import { type FuzzedParser, fuzzedParser, Refused } from "#test/programs/fuzz/fuzzed-parser.ts";
import { captured } from "#test/support/captured-output.ts";
import { CANDLE_HEADER, candleTable } from "./files.ts";

/** Values that fit one option each; those of the others are the best wrong ones. */
const WORDS = [
  "synthetic",
  "bybit",
  "replay",
  "DIR",
  "2026-01-15T12:00:30Z",
  "2026-02-30",
  "10",
  "0",
  "0.5",
  "8000",
  "BTCUSDT",
  "BTCUSDT,SOLUSDT",
  "top30",
  "1m",
  "5m",
  "BASIC",
  "1e3",
  "-1",
  "65536",
];

/** Command lines of the given options, with values that fit, fit another or fit nothing. */
function commandLines(
  options: readonly string[],
  first: readonly string[] = [],
): fc.Arbitrary<readonly string[]> {
  const value = fc.oneof(
    { arbitrary: fc.constantFrom(...WORDS), weight: 3 },
    { arbitrary: badText, weight: 2 },
  );
  const part = fc.oneof(
    { arbitrary: fc.tuple(fc.constantFrom(...options), value), weight: 8 },
    { arbitrary: fc.tuple(fc.constantFrom(...options)), weight: 2 },
    {
      arbitrary: fc.tuple(fc.constantFrom(...options), value).map(([option, text]) => [`${option}=${text}`]),
      weight: 2,
    },
    {
      arbitrary: fc.constantFrom(
        ["--"],
        ["-"],
        ["--help"],
        ["-h"],
        ["--no-json"],
        ["--__proto__", "x"],
        ["--constructor"],
      ),
      weight: 1,
    },
    { arbitrary: value.map((text) => [text]), weight: 1 },
  );
  return fc
    .tuple(fc.boolean(), fc.array(part, { maxLength: 4 }))
    .map(([asIs, parts]) => [...(asIs ? first : []), ...parts.flat()]);
}

/** A number is one that stands on the line in plain digits, as a word or behind an option's equals sign, or the default. */
function verifyNumber(
  args: readonly string[],
  value: number | null | undefined,
  byDefault: number | null,
): void {
  if (value === null || value === undefined || value === byDefault) return;
  const words = args.flatMap((arg) => [arg, arg.slice(arg.indexOf("=") + 1)]);
  assert.ok(
    words.some((word) => /^\d+(\.\d+)?$/.test(word) && Number(word) === value),
    `${value} is not on the line`,
  );
}

interface Parsed {
  readonly port?: number | null;
  readonly seed?: number | null;
  readonly speed?: number | null;
}

function optionParser(
  name: string,
  options: readonly string[],
  parse: (args: readonly string[]) => Parsed | null,
): FuzzedParser {
  return fuzzedParser(`arguments of ${name}`, () => ({
    inputs: commandLines(options),
    read: parse,
    refusals: [ConfigurationError],
    verify(args, parsed) {
      if (parsed === null)
        return assert.ok(
          args.some((arg) => arg.startsWith("-") && arg.includes("h")),
          "help was asked for",
        );
      verifyNumber(args, parsed.port, 7070);
      verifyNumber(args, parsed.seed, null);
      verifyNumber(args, parsed.speed, null);
    },
    names: () => [...options, "option", "argument"],
  }));
}

/** A command that reads files: what it refuses is one sentence and exit code 2, and nothing on standard output. */
function commandParser(
  name: string,
  options: readonly string[],
  fixed: readonly string[],
  run: (args: readonly string[], output: Output) => Promise<number>,
): FuzzedParser {
  return fuzzedParser(`arguments of ${name}`, async () => {
    const folder = await mkdtemp(join(tmpdir(), "fuzz-arguments-"));
    const file = join(folder, "candles.csv");
    await writeFile(file, `${[CANDLE_HEADER, ...candleTable(70).map((row) => row.join(","))].join("\n")}\n`);
    return {
      inputs: commandLines(
        [...options, "--symbol", "--timeframe", "--strategy"],
        // Not the last: a lone - after it would be another file, and standard input.
        ["--candles", file, ...fixed],
      ),
      async read(args) {
        const { code, out, err } = await captured((output) => run(args, output));
        if (code === 2) {
          assert.equal(out, "");
          throw new Refused(err);
        }
        assert.ok(code === 0 || code === 1, `exit code ${code}`);
        return out;
      },
      refusals: [Refused],
      verify(args, out) {
        assert.notEqual(out, "");
        if (args.includes("--json") && !args.includes("--") && out.startsWith("{")) JSON.parse(out);
      },
      names: () => ["option", "argument", "is not a", `${name}: `],
      close: () => rm(folder, { recursive: true }),
    };
  });
}

const silent = () => {};
const TRADE_OPTIONS = [
  ...["--stop-loss-percent", "--take-profit-percent", "--leverage", "--position-size"],
  ...["--taker-fee-percent", "--slippage-percent", "--tick-size", "--from", "--to"],
];
/** Nobody listens on the first port: what the arguments ask for ends there. */
const NO_BROKER = "amqp://127.0.0.1:1";

export const ARGUMENT_PARSERS: readonly FuzzedParser[] = [
  optionParser(
    "npm start",
    ["--market", "--data", "--from", "--speed", "--once", "--json", "--seed", "--port"],
    (args) => parseLocalOptions(args, silent),
  ),
  fuzzedParser("arguments of download", () => ({
    // The required ones stand first, so that the others are looked at.
    inputs: fc
      .tuple(
        fc.boolean(),
        commandLines(["--interval", "--days", "--from", "--to", "--funding", "--symbols", "--dir"]),
      )
      .map(([whole, line]) => (whole ? ["--dir", "DIR", "--symbols", "top3", ...line] : line)),
    read: (args) => parseDownloadArguments(args, silent),
    refusals: [ConfigurationError],
    verify(_, parsed) {
      if (parsed === null) return;
      for (const choice of parsed.symbols) {
        if (choice.kind === "symbol") assert.match(choice.symbol, /^[A-Z0-9]{2,30}$/);
        else assert.ok(choice.count > 0 && choice.count < 1_000);
      }
      assert.ok([1, 3, 5, 15, 30, 240, 1440].includes(parsed.intervalMs / 60_000));
      assert.ok(parsed.days === null || (parsed.days >= 1 && parsed.fromMs === null));
      const nowMs = Date.UTC(2026, 0, 15);
      try {
        const { fromMs, toMs } = windowOf(parsed, nowMs);
        assert.ok(fromMs >= 0 && fromMs < toMs && toMs <= nowMs);
        assert.equal(fromMs % parsed.intervalMs, 0);
      } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error;
      }
    },
    names: () => ["option", "argument", "--"],
  })),
  optionParser("simulator", ["--port", "--host", "--seed", "--data", "--from", "--speed"], (args) =>
    parseSimulatorArguments(args, silent),
  ),
  // No `--report`: it writes a file of any name that ends in .html.
  commandParser(
    "backtest",
    ["--btc", "--funding", "--detail", "--trials", "--json", "--statistics", ...TRADE_OPTIONS],
    ["--symbol", "SOLUSDT", "--timeframe", "1m"],
    runBacktest,
  ),
  commandParser(
    "verify-strategy",
    ["--btc", "--funding", "--json", ...TRADE_OPTIONS],
    ["--strategy", "BASIC"],
    runVerifyStrategy,
  ),
  // No `--workers` and no `--random`: as accepted ones they start threads and searches of minutes.
  commandParser(
    "optimize",
    [
      "--parameter",
      "--set",
      "--grid",
      "--seed",
      "--train-days",
      "--test-days",
      "--warm-up-days",
      "--anchored",
    ].concat(["--objective", "--min-trades", "--top", "--json"], TRADE_OPTIONS),
    ["--symbol", "SOLUSDT", "--timeframe", "1m", "--strategy", "BASIC"],
    runOptimize,
  ),
  fuzzedParser("arguments of dlq", () => ({
    inputs: fc
      .tuple(
        fc.constantFrom("list", "show", "retry", "discard", "help", "lis", ""),
        commandLines(
          ["--queue", "--limit", "--all", "--force", "--yes", "--raw", "--json"],
          ["backtest-tasks:1"],
        ),
      )
      .map(([command, line]) => [command, ...line]),
    async read(args) {
      const { code, out, err } = await captured((output) =>
        runDlq(args, { RABBITMQ_URL: NO_BROKER }, { ...output, printBytes: silent, ask: async () => null }),
      );
      if (code === 2) {
        assert.equal(out, "");
        throw new Refused(err);
      }
      return { code, out, err };
    },
    refusals: [Refused],
    verify(args, { code, out, err }) {
      if (code === 0) return assert.match(out, /^Usage: /, "without a broker only its help is to be had");
      assert.equal(code, 1);
      assert.equal(out, "");
      assert.match(err, /^dlq: no connection to RabbitMQ at /);
      assert.ok(["list", "show", "retry", "discard"].includes(args[0] ?? ""));
    },
    names: () => ["option", "argument", "command", "is not a ", "--limit", "dlq: "],
  })),
  fuzzedParser("arguments of cost", () => ({
    inputs: fc.array(
      fc.oneof(
        fc.tuple(badText, badText).map(([name, value]) => `${name}=${value}`),
        badText,
        fc.constantFrom("spot=all", "egress=nat"),
      ),
      { maxLength: 3 },
    ),
    read: contextOf,
    refusals: [SettingsError],
    verify(args, context) {
      assert.equal(Object.keys(context).length, args.length);
      assert.deepEqual(
        new Set(Object.entries(context).map(([name, value]) => `${name}=${value}`)),
        new Set(args),
      );
    },
    names: () => ["expected name=value, not ", "is given twice"],
  })),
];
