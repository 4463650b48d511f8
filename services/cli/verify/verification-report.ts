import type { Coverage } from "#libs/backtest/coverage.ts";
import {
  CHECKS,
  type Check,
  type Verification,
  type Violation,
} from "#libs/backtest/verification/verify-strategy.ts";
import { showTime } from "#libs/candles/candle-error.ts";
import { WARM_UP_CANDLES } from "#libs/strategy/warm-up.ts";
import { coverageJson, coverageLines } from "../shared/coverage-text.ts";
import { rulesJson, rulesLines } from "../shared/rules-text.ts";
import type { ChosenRules } from "../shared/trade-options.ts";
import type { UsedTick } from "../shared/used-tick.ts";
import { wrapped } from "../shared/wrap.ts";

/** What was verified. */
export interface VerificationSubject {
  readonly strategy: string;
  readonly symbol: string;
  readonly timeframe: string;
  readonly rules: ChosenRules;
  /** Null: levels are exact. */
  readonly tick: UsedTick | null;
  readonly coverage: Coverage;
  readonly notes: readonly string[];
  /** Why the strategy cannot trade on this data, or null. */
  readonly cannotTrade: string | null;
}

/** What holds when a check finds nothing. */
const HELD: Readonly<Record<Check, string>> = {
  decision: "every candle gets a signal or a refusal, made from candles alone",
  memory: "the order in which candles are asked about changes nothing",
  "look-ahead": "cutting the future off, raising it or lowering it changes nothing",
  "warm-up": `nothing depends on more than the ${WARM_UP_CANDLES} candles that live services load`,
  scale: "multiplying all prices or all volumes changes nothing",
  gate: "the gate is open wherever there is a signal",
};

/** Whether every check holds. */
export function isSound({ violations }: Verification): boolean {
  return Object.values(violations).every((violation) => violation === null);
}

/** The verification for people: one line a check, and what changed first where one fails. */
export function verificationReport(subject: VerificationSubject, verification: Verification): string {
  const { decided, lookedAt, cutOffAt, signals, violations, warmUpNeeded, warmUpTriedAt } = verification;
  const looked = lookedAt === decided ? `${decided} candles` : `${lookedAt} of ${decided} candles`;
  const lines = CHECKS.map((check) => {
    const violation = violations[check];
    const name = check.padEnd(12);
    if (violation !== null) return `  ${name}FAILS ${failure(check, violation)}`;
    return check === "warm-up" && warmUpTriedAt === 0
      ? `  ${name}-     not tried: it needs more than ${WARM_UP_CANDLES + 1} candles`
      : `  ${name}ok    ${HELD[check]}`;
  });
  return [
    `${subject.strategy} on ${subject.symbol} ${subject.timeframe}: ${looked}, ${signals} signals`,
    ...[
      ...rulesLines(subject.rules, subject.tick),
      "No rule enters a decision: the checks are the same with any.",
      ...coverageLines(subject.coverage, subject.symbol),
      ...(subject.cannotTrade === null ? [] : [`${subject.strategy} cannot trade: ${subject.cannotTrade}`]),
    ].flatMap((line) => wrapped(line, "  ")),
    ...lines,
    ...(warmUpNeeded === null
      ? []
      : [`  From ${warmUpNeeded} candles before it on, a decision no longer changes.`]),
    ...(cutOffAt === lookedAt ? [] : [`  The future was cut off after ${cutOffAt} of them.`]),
    ...(signals === 0 ? ["  There was no signal to check: verify it on other candles too."] : []),
    "",
  ].join("\n");
}

function failure(check: Check, violation: Violation): string {
  const { index, timeMs, candles } = violation;
  const where = `first at candle ${index}, ${showTime(timeMs)}`;
  return `${problem(check, violation)}: ${where}; ${candles} ${candles === 1 ? "candle" : "candles"} in all`;
}

function problem(check: Check, { what, when, expected, found }: Violation): string {
  if (when !== null) return `${what} changes when ${when}, from ${expected} to ${found}`;
  switch (check) {
    case "look-ahead":
      return `${what} asks for a candle that has not closed`;
    case "gate":
      return `the gate is ${found} where it must be ${expected}`;
    default:
      return `${found} instead of ${expected}`;
  }
}

/** The same for programs. */
export function verificationJson(
  subject: VerificationSubject,
  verification: Verification,
): Record<string, unknown> {
  return {
    strategy: subject.strategy,
    symbol: subject.symbol,
    timeframe: subject.timeframe,
    rules: rulesJson(subject.rules, subject.tick),
    coverage: coverageJson(subject.coverage),
    notes: subject.notes,
    cannot_trade: subject.cannotTrade,
    sound: isSound(verification),
    candles: verification.decided,
    candles_looked_at: verification.lookedAt,
    candles_cut_off_at: verification.cutOffAt,
    signals: verification.signals,
    warm_up_tried_at: verification.warmUpTriedAt,
    warm_up_needed: verification.warmUpNeeded,
    checks: Object.fromEntries(
      CHECKS.map((check) => {
        const violation = verification.violations[check];
        return [
          check,
          violation === null
            ? null
            : {
                what: violation.what,
                when: violation.when,
                expected: violation.expected,
                found: violation.found,
                first_candle: violation.index,
                first_time: violation.timeMs,
                candles: violation.candles,
              },
        ];
      }),
    ),
  };
}
