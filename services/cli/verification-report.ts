import {
  CHECKS,
  type Check,
  type Verification,
  type Violation,
} from "#libs/backtest/verification/verify-strategy.ts";
import { showTime } from "#libs/strategy/candle-error.ts";
import { WARM_UP_CANDLES } from "#libs/strategy/warm-up.ts";

/** What was verified. */
export interface VerificationSubject {
  readonly strategy: string;
  readonly symbol: string;
  readonly timeframe: string;
}

/** What holds when a check finds nothing. */
const HELD: Readonly<Record<Check, string>> = {
  memory: "the order in which candles are asked about changes nothing",
  "look-ahead": "cutting the future off, raising it or lowering it changes nothing",
  "warm-up": `nothing depends on more than the ${WARM_UP_CANDLES} candles that live services load`,
  scale: "multiplying all prices changes nothing",
  gate: "the gate is open wherever there is a signal",
};

/** Whether every check holds. */
export function isSound({ violations }: Verification): boolean {
  return Object.values(violations).every((violation) => violation === null);
}

/** The verification for people: one line a check, and what changed first where one fails. */
export function verificationReport(subject: VerificationSubject, verification: Verification): string {
  const { decided, lookedAt, signals, violations, warmUpNeeded } = verification;
  const looked = lookedAt === decided ? `${decided} candles` : `${lookedAt} of ${decided} candles`;
  const lines = CHECKS.flatMap((check) => {
    const violation = violations[check];
    const name = check.padEnd(12);
    return violation === null ? [`  ${name}ok    ${HELD[check]}`] : [`  ${name}FAILS ${failure(violation)}`];
  });
  return [
    `${subject.strategy} on ${subject.symbol} ${subject.timeframe}: ${looked}, ${signals} signals`,
    ...lines,
    ...(warmUpNeeded === null
      ? []
      : [`  From ${warmUpNeeded} candles before it on, a decision no longer changes.`]),
    ...(signals === 0 ? ["  There was no signal: other candles would say more."] : []),
    "",
  ].join("\n");
}

function failure({ what, when, expected, found, index, timeMs, candles }: Violation): string {
  return (
    `${what} changes when ${when}: first at candle ${index}, ${showTime(timeMs)}, ` +
    `from ${expected} to ${found}; ${candles} ${candles === 1 ? "candle" : "candles"} in all`
  );
}

/** The same for programs. */
export function verificationJson(
  subject: VerificationSubject,
  verification: Verification,
): Record<string, unknown> {
  return {
    ...subject,
    sound: isSound(verification),
    candles: verification.decided,
    candles_looked_at: verification.lookedAt,
    signals: verification.signals,
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
