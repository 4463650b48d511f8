import { type Command, InvalidArgumentError } from "commander";
import { configuration } from "#libs/config/configuration.ts";
import type { Environment } from "#libs/config/environment.ts";
import { SETTINGS, TRADE_SETTINGS } from "#libs/config/settings.ts";
import { shownValue } from "#libs/contracts/shown-value.ts";
import { roundToTick } from "#libs/trading/round-to-tick.ts";
import type { TradeRules } from "#libs/trading/trade-rules.ts";
import { tradeRulesOf } from "#services/shared/trade-rules-of.ts";

type TradeSetting = (typeof TRADE_SETTINGS)[number];

/** The options that `withTradeOptions` adds, as they were written. */
export interface TradeOptions {
  readonly positionSize?: string;
  readonly leverage?: string;
  readonly stopLossPercent?: string;
  readonly takeProfitPercent?: string;
  readonly takerFeePercent?: string;
  readonly slippagePercent?: string;
  readonly tickSize?: string;
}

/** Where a rule comes from. */
export type RuleSource = "default" | "environment" | "option";

/** The rules of a command's trades and where each comes from. */
export interface ChosenRules {
  readonly rules: TradeRules;
  readonly sources: Readonly<Record<TradeSetting, RuleSource>>;
  /** The instrument's price step as printed, `auto` for the one that the file shows, or null for exact levels. */
  readonly tickSize: string | null;
}

/** Asks for the tick that most prices of the candle file show. */
export const AUTO_TICK = "auto";

const OPTIONS: Readonly<Record<TradeSetting, keyof TradeOptions>> = {
  POSITION_SIZE: "positionSize",
  LEVERAGE: "leverage",
  STOP_LOSS_PERCENT: "stopLossPercent",
  TAKE_PROFIT_PERCENT: "takeProfitPercent",
  TAKER_FEE_PERCENT: "takerFeePercent",
  SLIPPAGE_PERCENT: "slippagePercent",
};

/** The trade rule that each variable sets. */
export const RULE_OF_SETTING: Readonly<Record<TradeSetting, keyof TradeRules>> = {
  POSITION_SIZE: "marginUsdt",
  LEVERAGE: "leverage",
  STOP_LOSS_PERCENT: "stopLossPercent",
  TAKE_PROFIT_PERCENT: "takeProfitPercent",
  TAKER_FEE_PERCENT: "takerFeePercent",
  SLIPPAGE_PERCENT: "slippagePercent",
};

/** Adds the options that say how signals become trades. Each wins over the variable of the same name. */
export function withTradeOptions(command: Command): Command {
  const value = (setting: TradeSetting) => (text: string) => checked(setting, text);
  const orElse = (setting: TradeSetting): string =>
    `(default: ${setting}, or ${SETTINGS[setting].parse(undefined)})`;
  return command
    .option(
      "--stop-loss-percent <percent>",
      `distance to the stop ${orElse("STOP_LOSS_PERCENT")}`,
      value("STOP_LOSS_PERCENT"),
    )
    .option(
      "--take-profit-percent <percent>",
      `distance to the target ${orElse("TAKE_PROFIT_PERCENT")}`,
      value("TAKE_PROFIT_PERCENT"),
    )
    .option("--leverage <number>", `leverage ${orElse("LEVERAGE")}`, value("LEVERAGE"))
    .option(
      "--position-size <usdt>",
      `margin of a position in USDT ${orElse("POSITION_SIZE")}`,
      value("POSITION_SIZE"),
    )
    .option(
      "--taker-fee-percent <percent>",
      `taker fee per side ${orElse("TAKER_FEE_PERCENT")}`,
      value("TAKER_FEE_PERCENT"),
    )
    .option(
      "--slippage-percent <percent>",
      `slippage per side ${orElse("SLIPPAGE_PERCENT")}`,
      value("SLIPPAGE_PERCENT"),
    )
    .option(
      "--tick-size <price|auto>",
      `price step that levels are rounded to; ${AUTO_TICK}: what most prices of the file show (default: exact levels)`,
      tickSize,
    );
}

/**
 * The rules as given: an option wins over the environment, which wins over the default.
 * @throws ConfigurationError naming every wrong variable.
 */
export function chosenRules(options: TradeOptions, environment: Environment = {}): ChosenRules {
  const given = Object.fromEntries(
    TRADE_SETTINGS.flatMap((setting) => {
      const text = options[OPTIONS[setting]];
      return text === undefined ? [] : [[setting, text]];
    }),
  );
  const sourceOf = (setting: TradeSetting): RuleSource => {
    if (setting in given) return "option";
    return (environment[setting] ?? "").trim() === "" ? "default" : "environment";
  };
  return {
    rules: tradeRulesOf(configuration({ ...environment, ...given }, TRADE_SETTINGS)),
    sources: {
      POSITION_SIZE: sourceOf("POSITION_SIZE"),
      LEVERAGE: sourceOf("LEVERAGE"),
      STOP_LOSS_PERCENT: sourceOf("STOP_LOSS_PERCENT"),
      TAKE_PROFIT_PERCENT: sourceOf("TAKE_PROFIT_PERCENT"),
      TAKER_FEE_PERCENT: sourceOf("TAKER_FEE_PERCENT"),
      SLIPPAGE_PERCENT: sourceOf("SLIPPAGE_PERCENT"),
    },
    tickSize: options.tickSize ?? null,
  };
}

/** The text of an option's value when the setting's own rule accepts it. */
function checked(setting: TradeSetting, text: string): string {
  const parsed = SETTINGS[setting].safeParse(text);
  if (parsed.success) return text;
  const [issue] = parsed.error.issues;
  throw new InvalidArgumentError(`${issue?.message ?? "expected another value"}, not ${shownValue(text)}`);
}

function tickSize(text: string): string {
  if (text === AUTO_TICK) return text;
  try {
    roundToTick(1, text);
    return text.trim();
  } catch {
    throw new InvalidArgumentError(
      `expected ${AUTO_TICK} or a positive decimal such as 0.001, not ${shownValue(text)}`,
    );
  }
}
