import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Candles, FundingRates } from "#libs/candles/candles.ts";
import type { CommandContext } from "#services/cli/shared/parse-command.ts";
import { type Captured, captured } from "./captured-output.ts";
import { candleFileText } from "./factories/candle-file.ts";

/** A folder with recorded files, as a person has it who calls a command there. */
export class CliWorld {
  readonly folder = mkdtempSync(path.join(tmpdir(), "cli-"));

  /** @returns the file's name in the folder. */
  candles(name: string, candles: Candles): string {
    return this.text(name, candleFileText(candles));
  }

  funding(name: string, { timeMs, rate }: FundingRates): string {
    const rows = Array.from(timeMs, (ms, k) => `${ms},${rate[k]}`);
    return this.text(name, `${["funding_ms,rate", ...rows].join("\n")}\n`);
  }

  text(name: string, content: string): string {
    writeFileSync(path.join(this.folder, name), content);
    return name;
  }

  /** Runs a command as if called from the folder. */
  run(
    command: (args: readonly string[], context: CommandContext) => Promise<number>,
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Captured> {
    return captured((output) => command(args, { ...output, environment, folder: this.folder }));
  }
}
