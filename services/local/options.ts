import { Command, Option } from "commander";
import { ConfigurationError } from "#libs/config/configuration.ts";
import { moment, parseArguments, speed, wholeNumber } from "#services/shared/arguments.ts";

export const MARKETS = ["synthetic", "bybit", "replay"] as const;
export type MarketName = (typeof MARKETS)[number];

export interface LocalOptions {
  readonly market: MarketName;
  /** Folder of recorded candles, for `replay`. */
  readonly data: string | null;
  /** Where the simulated clock starts, milliseconds; null: the market's own choice. */
  readonly fromMs: number | null;
  /** How many times faster than real time; null: 1, or 0 (the clock is stopped) with `once`. */
  readonly speed: number | null;
  readonly once: boolean;
  readonly json: boolean;
  readonly seed: number | null;
  /** Of the DynamoDB endpoint; null: 8000, or any free one with `once`. */
  readonly port: number | null;
}

/**
 * Parses the command line of `npm start`. Returns null after `--help`, which has been printed.
 * @throws ConfigurationError with the invalid option.
 */
export function parseLocalOptions(
  args: readonly string[],
  print: (text: string) => void,
): LocalOptions | null {
  const command = new Command("npm start --")
    .description("Runs scanner, analyzer, selector and finder in one process.")
    .addOption(new Option("--market <name>", "where prices come from").choices(MARKETS).default("synthetic"))
    .option("--data <folder>", "recorded candles for --market replay: EXCHANGE_SYMBOL_INTERVAL.csv[.gz]")
    .option("--from <moment>", "where the simulated clock starts, for example 2026-01-15T12:00:30Z", moment)
    .option("--speed <times>", "how much faster than real time the simulated clock runs", speed)
    .option("--once", "run one cycle, print a summary and exit", false)
    .option("--json", "print the summary as one JSON object; requires --once", false)
    .option("--seed <number>", "seed of the synthetic exchange", wholeNumber(0, 4_294_967_295))
    .option("--port <number>", "port of the DynamoDB endpoint", wholeNumber(0, 65_535));
  const given = parseArguments<{
    market: MarketName;
    data?: string;
    from?: number;
    speed?: number;
    once: boolean;
    json: boolean;
    seed?: number;
    port?: number;
  }>(command, args, print);
  if (given === null) return null;
  const options: LocalOptions = {
    market: given.market,
    data: given.data ?? null,
    fromMs: given.from ?? null,
    speed: given.speed ?? null,
    once: given.once,
    json: given.json,
    seed: given.seed ?? null,
    port: given.port ?? null,
  };
  const wrong = contradiction(options);
  if (wrong !== null) throw new ConfigurationError(wrong);
  return options;
}

function contradiction(options: LocalOptions): string | null {
  const { market } = options;
  if (market === "replay" && options.data === null) return "--market replay requires --data FOLDER";
  if (market !== "replay" && options.data !== null) return "--data requires --market replay";
  if (market === "bybit" && (options.fromMs !== null || options.speed !== null)) {
    return "--from and --speed require a simulated market: the live exchange has its own clock";
  }
  if (market !== "synthetic" && options.seed !== null) return "--seed requires --market synthetic";
  if (options.json && !options.once) return "--json requires --once, which prints the summary";
  return null;
}
