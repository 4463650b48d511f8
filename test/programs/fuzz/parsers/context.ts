import assert from "node:assert/strict";
import fc from "fast-check";
import { parseSettings, type Settings, SettingsError, settingNames } from "#infra/config/settings.ts";
import { variablesFromContext } from "#infra/config/variables.ts";
import { badText, badValue } from "#test/programs/fuzz/bad-values.ts";
import { type FuzzedParser, fuzzedParser } from "#test/programs/fuzz/fuzzed-parser.ts";

const VARIABLES = [
  "MIN_WIN_RATE",
  "MIN_PNL",
  "TOP_N_COINS",
  "BACKTEST_DAYS",
  "TIMEFRAMES",
  "LOG_LEVEL",
  "LOG_FORMAT",
  "RABBITMQ_URL",
  "CODE_VERSION",
  "NO_SUCH",
];
const WORDS = [
  "nat",
  "none",
  "service",
  "ecr",
  "v1.2",
  "all",
  "analyzers",
  "disabled",
  "256",
  "512",
  "1024",
  " 2048 ",
  "7",
  "14",
  "mq.m7g.medium",
  "a@b.example",
  "debug",
  "1m:14",
  "1m,5m",
  "50",
];
const CDK_KEYS = ["@aws-cdk/core:x", "aws:cdk:toolkit", "cli-extra"];

/** Context as the command line gives it (texts) and as `cdk.json` does (anything). */
const contexts: fc.Arbitrary<Record<string, unknown>> = fc
  .array(
    fc.tuple(
      fc.oneof(
        { arbitrary: fc.constantFrom(...settingNames(), ...VARIABLES), weight: 18 },
        { arbitrary: fc.constantFrom(...CDK_KEYS), weight: 1 },
        { arbitrary: badText, weight: 1 },
      ),
      fc.oneof(
        { arbitrary: fc.constantFrom<unknown>(...WORDS, 14, 256, 512, 7, true), weight: 3 },
        { arbitrary: badValue, weight: 2 },
      ),
    ),
    { maxLength: 3 },
  )
  .map((entries) => Object.fromEntries(entries));

/** Each setting as the context names it: `analyzerCpu` for the `cpu` of the analyzer. */
function underTheirNames({ services, ...stack }: Settings): (readonly [name: string, value: unknown])[] {
  const ofServices = Object.entries(services).flatMap(([service, settings]) =>
    Object.entries(settings).map(
      ([name, value]) => [`${service}${name.charAt(0).toUpperCase()}${name.slice(1)}`, value] as const,
    ),
  );
  return [...Object.entries(stack), ...ofServices];
}

export const CONTEXT_PARSERS: readonly FuzzedParser[] = [
  fuzzedParser("CDK context", () => ({
    inputs: contexts,
    read: (context) => ({ settings: parseSettings(context), variables: variablesFromContext(context) }),
    refusals: [SettingsError],
    verify(context, { settings, variables }) {
      for (const [name, value] of underTheirNames(settings)) {
        if (!Object.hasOwn(context, name)) continue;
        const text = String(context[name]).trim();
        // Plain digits for whole numbers, the word itself for all others.
        if (typeof value === "number") assert.ok(/^-?\d+$/.test(text) && Number(text) === value, name);
        else assert.equal(value, text, name);
      }
      for (const given of Object.values(variables)) {
        for (const [name, value] of Object.entries(given)) assert.equal(value, String(context[name]));
      }
    },
    names: (context) => [
      ...Object.keys(context).map((key) => key.slice(0, 60)),
      "analyzerMinTasks",
      "finderMinTasks",
      "MemoryMiB",
      "Cpu",
    ],
  })),
];
