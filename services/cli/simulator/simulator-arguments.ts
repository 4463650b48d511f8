import { Command } from "commander";
import { ConfigurationError } from "#libs/config/configuration.ts";
import { moment, parseArguments, speed, wholeNumber } from "#services/shared/arguments.ts";

export interface SimulatorArguments {
  readonly port: number;
  readonly host: string;
  readonly seed?: number;
  readonly data?: string;
  readonly from?: number;
  readonly speed?: number;
}

/**
 * Reads the command line of `npm run simulator`. Null after `--help`, which has then been printed.
 * @throws ConfigurationError with what is wrong.
 */
export function parseSimulatorArguments(
  args: readonly string[],
  print: (text: string) => void,
): SimulatorArguments | null {
  const command = new Command("npm run -s simulator --")
    .description("A simulated Bybit v5 market API, with synthetic or recorded prices.")
    .option("--port <number>", "port to listen on; 0: any free port", wholeNumber(0, 65_535), 7070)
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--seed <number>", "seed of the synthetic market", wholeNumber(0, 4_294_967_295))
    .option(
      "--data <folder>",
      "folder of recorded candles to replay instead: EXCHANGE_SYMBOL_INTERVAL.csv[.gz]",
    )
    .option("--from <timestamp>", "start of the simulated clock, such as 2026-01-15T12:00:30Z", moment)
    .option("--speed <times>", "speed of the clock relative to real time; 0: the clock is stopped", speed);
  const given = parseArguments<SimulatorArguments>(command, args, print);
  if (given?.seed !== undefined && given.data !== undefined) {
    throw new ConfigurationError("--seed is for a synthetic market: remove it or --data");
  }
  return given;
}
