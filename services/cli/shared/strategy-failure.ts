import { showTime } from "#libs/candles/candle-error.ts";
import { openTimeMs } from "#libs/candles/candles.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import { makeStudy, type StudyInput } from "#libs/strategy/study.ts";
import { FIRST_DECISION_INDEX } from "#libs/strategy/warm-up.ts";

/** A strategy threw an error instead of deciding. The message names the strategy and the candle. */
export class StrategyFailure extends Error {
  override readonly name = "StrategyFailure";
}

/** A strategy with the parameters it was asked with. */
export interface Asked {
  readonly strategy: Strategy;
  readonly parameters: object;
}

/**
 * What to throw for an error that came up while strategies were asked: a failure that names the strategy and the first
 * candle at which it throws when it is asked again, or the error itself when no strategy throws. To look for the candle
 * afterwards costs the loop over candles nothing.
 */
export function explained(
  error: unknown,
  asked: readonly Asked[],
  input: StudyInput,
  firstIndex: number,
): unknown {
  const study = makeStudy(input);
  for (const { strategy, parameters } of asked) {
    for (let i = Math.max(FIRST_DECISION_INDEX, firstIndex); i < input.candles.length; i++) {
      try {
        strategy.decide(study.at(i), parameters);
      } catch (thrown) {
        const reason = thrown instanceof Error ? thrown.message : String(thrown);
        return new StrategyFailure(
          `the strategy ${strategy.name} throws an error at candle ${i}, ${showTime(openTimeMs(input.candles, i))}: ` +
            `${reason}: correct the strategy, verify-strategy checks every candle`,
          { cause: error },
        );
      }
    }
  }
  return error;
}
