import { Command, InvalidArgumentError } from "commander";
import { wholeNumber } from "#services/shared/arguments.ts";
import { FUZZED_PARSERS } from "./parsers.ts";
import { runParser } from "./run-parser.ts";

/*
 * `npm run fuzz -- [--inputs 100000] [--seed N] [--only NAME]`: gives every parser of the system so many bad inputs
 * and prints what became of them. Exits with 1 when a parser was wrong about one.
 */

const { inputs, seed, only } = new Command("npm run fuzz --")
  .option("--inputs <number>", "inputs for each parser", wholeNumber(1, 100_000_000), 100_000)
  .option(
    "--seed <number>",
    "of the inputs; the same seed gives the same ones",
    wholeNumber(0, 2 ** 31 - 1),
    1,
  )
  .option("--only <name>", "the parsers whose name contains this", (name: string) => {
    if (FUZZED_PARSERS.some((parser) => parser.name.includes(name))) return name;
    throw new InvalidArgumentError(`there are ${FUZZED_PARSERS.map((parser) => parser.name).join(", ")}`);
  })
  .parse()
  .opts<{ inputs: number; seed: number; only?: string }>();

const chosen = FUZZED_PARSERS.filter((parser) => only === undefined || parser.name.includes(only));
const width = Math.max(...chosen.map((parser) => parser.name.length));
const row = (name: string, ...cells: readonly string[]) =>
  process.stdout.write(`${name.padEnd(width)}${cells.map((cell) => cell.padStart(11)).join("")}\n`);

row(`seed ${seed}`, "inputs", "accepted", "refused", "seconds");
for (const parser of chosen) {
  const run = await runParser(parser, inputs, seed);
  const counts = [run.inputs, run.accepted, run.refused].map((count) => count.toLocaleString("en"));
  row(parser.name, ...counts, run.seconds.toFixed(1), run.failure === null ? "" : "WRONG");
  if (run.failure === null) continue;
  process.stdout.write(`${run.failure}\n`);
  process.exitCode = 1;
}
