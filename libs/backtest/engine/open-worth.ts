import { at } from "#libs/candles/at.ts";
import { openTimeMs } from "#libs/candles/candles.ts";
import { directionOf, exitFill, quantityAt, settle } from "#libs/trading/trade-rules.ts";
import type { TradeMarket } from "./close-trade.ts";
import { fundingPaid } from "./funding-paid.ts";
import type { OpenTrade } from "./trade.ts";

/** What a position that is still open would give if it were left at the last close. Amounts in USDT. */
export interface OpenWorth {
  /** When that candle closed. */
  readonly closedMs: number;
  /** The close, without slippage. */
  readonly price: number;
  readonly gross: number;
  /** Of both sides, though the exit has not been paid for yet. */
  readonly fees: number;
  /** Settled so far. */
  readonly funding: number;
  /** `gross - fees + funding`, or minus the margin where the loss would exceed it: comparable to the net of an ended trade. */
  readonly net: number;
}

/**
 * Marks a position to the close of the last candle before `end`, at the costs that an exit there would have.
 * @param end index behind the last candle that is there; the position was entered before it.
 */
export function openWorth(
  { candles, funding, rules }: TradeMarket,
  trade: OpenTrade,
  end: number,
): OpenWorth {
  const direction = directionOf(trade.side);
  const price = at(candles.close, end - 1);
  const closedMs = openTimeMs(candles, end);
  const exit = exitFill(direction, price, rules);
  const { gross, fees, liquidated } = settle(direction, trade.fillPrice, exit, rules);
  const received = fundingPaid(candles, funding, {
    direction,
    quantity: quantityAt(trade.fillPrice, rules),
    entryMs: trade.entryMs,
    exitMs: closedMs,
  });
  const net = liquidated ? -rules.marginUsdt : gross - fees + received;
  return { closedMs, price, gross, fees, funding: received, net };
}
