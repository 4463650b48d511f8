import { TRADE_SETTINGS } from "#libs/config/settings.ts";
import {
  describeUnreachableStop,
  remedyOfUnreachableStop,
  unreachableStop,
} from "#libs/trading/stop-reach.ts";
import type { ChosenRules, RuleSource } from "./trade-options.ts";
import type { UsedTick } from "./used-tick.ts";

/**
 * The rules for programs, with where each that can be set comes from.
 * @param isSearched whether a search varies the stop or the liquidation price: then no single answer holds.
 */
export function rulesJson(
  { rules, sources }: ChosenRules,
  tick: UsedTick | null,
  isSearched = false,
): Record<string, unknown> {
  const unreachable = unreachableStop(rules);
  return {
    position_size: rules.marginUsdt,
    leverage: rules.leverage,
    stop_loss_percent: rules.stopLossPercent,
    take_profit_percent: rules.takeProfitPercent,
    taker_fee_percent: rules.takerFeePercent,
    slippage_percent: rules.slippagePercent,
    entry_tolerance_percent: rules.entryTolerancePercent,
    maintenance_margin_percent: rules.maintenanceMarginPercent,
    tick_size: tick?.size ?? null,
    tick_percent_of_stop: tick?.stopPercent ?? null,
    every_adverse_exit_is_a_liquidation: isSearched ? null : unreachable?.side === "both",
    sources: {
      ...Object.fromEntries(TRADE_SETTINGS.map((setting) => [setting.toLowerCase(), sources[setting]])),
      tick_size: tick === null ? "default" : tick.isInferred ? "inferred" : "option",
    },
  };
}

/** The rules, those of them that are not defaults, the tick, and a stop that cannot be reached: one line each. */
export function rulesLines(
  { rules, sources }: ChosenRules,
  tick: UsedTick | null,
  isSearched = false,
): readonly string[] {
  const unreachable = isSearched ? null : unreachableStop(rules);
  const from = (source: RuleSource): string[] =>
    TRADE_SETTINGS.filter((setting) => sources[setting] === source).map((setting) =>
      source === "option" ? `--${setting.toLowerCase().replaceAll("_", "-")}` : setting,
    );
  const options = from("option");
  const variables = from("environment");
  return [
    `Rules: margin $${rules.marginUsdt} at ${rules.leverage}x, stop ${rules.stopLossPercent} %, target ` +
      `${rules.takeProfitPercent} %, fee ${rules.takerFeePercent} % and slippage ${rules.slippagePercent} % per side`,
    ...(options.length + variables.length === 0
      ? []
      : [
          `Set by: ${[
            ...(options.length === 0 ? [] : [`${options.join(", ")}`]),
            ...(variables.length === 0 ? [] : [`the environment (${variables.join(", ")})`]),
          ].join(", and by ")}; the others are defaults`,
        ]),
    tick === null ? "Levels: exact, no tick size was given" : tickLine(tick),
    ...(unreachable === null
      ? []
      : [
          `Every adverse exit${unreachable.side === "both" ? "" : ` of a ${unreachable.side}`} is a liquidation: ` +
            `${describeUnreachableStop(unreachable)}; ` +
            remedyOfUnreachableStop(unreachable),
        ]),
  ];
}

function tickLine({ size, isInferred, stopPercent }: UsedTick): string {
  const origin = isInferred ? " that most prices show" : "";
  return `Levels: rounded to the tick ${size}${origin}, ${Number(stopPercent.toPrecision(2))} % of the distance to the stop`;
}
