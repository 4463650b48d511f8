import { TRADE_SETTINGS } from "#libs/config/settings.ts";
import type { ChosenRules, RuleSource } from "./trade-options.ts";

/** The rules for programs, with where each that can be set comes from. */
export function rulesJson({ rules, sources, tickSize }: ChosenRules): Record<string, unknown> {
  return {
    position_size: rules.marginUsdt,
    leverage: rules.leverage,
    stop_loss_percent: rules.stopLossPercent,
    take_profit_percent: rules.takeProfitPercent,
    taker_fee_percent: rules.takerFeePercent,
    slippage_percent: rules.slippagePercent,
    entry_tolerance_percent: rules.entryTolerancePercent,
    tick_size: tickSize,
    sources: Object.fromEntries(
      TRADE_SETTINGS.map((setting) => [setting.toLowerCase(), sources[setting]] as const),
    ),
  };
}

/** The rules in one line, and in a second one those that are not defaults. */
export function rulesLines({ rules, sources, tickSize }: ChosenRules): readonly string[] {
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
    tickSize === null ? "Levels: exact, no tick size was given" : `Levels: rounded to the tick ${tickSize}`,
  ];
}
