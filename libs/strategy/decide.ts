import { type Decision, noSignal } from "./decision.ts";
import { type Strategy, type StrategyParameters, withDefaults } from "./strategy.ts";
import type { Study } from "./study.ts";
import { FIRST_DECISION_INDEX } from "./warm-up.ts";

const WARMING_UP = noSignal(`fewer than ${FIRST_DECISION_INDEX} candles before this one`);

/**
 * A strategy's decision on candle `i` after its close. The finder calls this for the last candle and the backtest for
 * every one, with the same result.
 * @param parameters replace defaults of the strategy by name.
 * @throws RangeError when there is no candle `i`, or a parameter is unknown.
 */
export function decide(
  strategy: Strategy,
  study: Study,
  i: number,
  parameters?: StrategyParameters,
): Decision {
  const view = study.at(i);
  if (i < FIRST_DECISION_INDEX) return WARMING_UP;
  return strategy.decide(view, withDefaults(strategy, parameters));
}
