import { describe, expect, it } from "vitest";
import { FUZZED_PARSERS } from "./parsers.ts";
import { runParser } from "./run-parser.ts";

/** `npm run fuzz` gives 100,000 to each. */
const INPUTS = 400;
const SEED = 1;

describe("data from outside", () => {
  it.each(FUZZED_PARSERS.map((parser) => [parser.name, parser] as const))(
    "is taken with the right value or refused in words: %s",
    async (_, parser) => {
      const run = await runParser(parser, INPUTS, SEED);
      expect(run.failure).toBeNull();
      // Both ways were walked: generators that only ever make one kind would show nothing.
      expect(Math.min(run.accepted, run.refused)).toBeGreaterThan(0);
    },
  );
});
