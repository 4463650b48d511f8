import type { Clock } from "#libs/runtime/clock.ts";
import type { MarketData } from "./market-data.ts";

/** How long an offset is valid: a machine's clock drifts by milliseconds in that time. */
const LIFE_MS = 60_000;

/** The exchange's time, which decides what has closed; the machine's clock may be minutes off. */
export interface ExchangeClock extends Clock {
  /**
   * Call it before reading the time: it measures the local clock's offset from the exchange once a minute.
   * @throws MarketError as the market does.
   */
  sync(): Promise<void>;
}

export function makeExchangeClock(market: Pick<MarketData, "serverTimeMs">, own: Clock): ExchangeClock {
  let offsetMs = 0;
  let askedMs = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | null = null;

  async function ask(): Promise<void> {
    const exchangeMs = await market.serverTimeMs();
    askedMs = own.nowMs();
    offsetMs = exchangeMs - askedMs;
  }

  return {
    nowMs: () => own.nowMs() + offsetMs,
    async sync() {
      // If the clock was set back, an old offset would look new.
      const ageMs = own.nowMs() - askedMs;
      if (ageMs >= 0 && ageMs < LIFE_MS) return;
      asking ??= ask().finally(() => {
        asking = null;
      });
      await asking;
    },
  };
}
