import { DAY_MS, HOUR_MS, MINUTE_MS } from "#libs/candles/timeframe.ts";
import { BlockCache } from "../block-cache.ts";
import { aggregateBlock, type CandleBlock } from "../candle-block.ts";
import { at, CandlePageBuilder } from "../candle-page.ts";
import { accumulate, type Row, startRow } from "../running-row.ts";
import type { CandlePage, DayStatistics, ExchangeSource, FundingRow, Listing } from "../source.ts";
import type { Contract } from "./contract.ts";
import { bridges, dayCandles, hourOf, type Motion } from "./day-candles.ts";
import { DEFAULT_SEED } from "./defaults.ts";
import { fundingRateAt, settlements } from "./funding.ts";
import { HourPath } from "./hour-path.ts";
import { key, textKey } from "./random.ts";
import { datedContracts, permanentContracts, shortLivedContracts } from "./universe.ts";
import { valueWithin } from "./within-minute.ts";

export { DEFAULT_SEED, DEFAULT_START_MS } from "./defaults.ts";

export interface SyntheticOptions {
  readonly seed?: number;
  /** The maximum cache size of generated candles. A smaller cache is slower, but gives the same candles. */
  readonly cacheMegabytes?: number;
}

const MARKET_COIN = "BTC";
const MINUTES_A_DAY = 1440;
/** The minutes of four coins over the 125 days that the longest backtest reads. */
const DEFAULT_CACHE_MEGABYTES = 24;

/**
 * A synthetic exchange: some 80 contracts that move with BTC in trends, ranges and shocks. Every candle is a function
 * of the seed, the symbol and its time, so the market is the same in every process and at all times, and any period can
 * be read in any order.
 */
export function syntheticExchange(options: SyntheticOptions = {}): ExchangeSource {
  return new SyntheticExchange(
    options.seed ?? DEFAULT_SEED,
    options.cacheMegabytes ?? DEFAULT_CACHE_MEGABYTES,
  );
}

class SyntheticExchange implements ExchangeSource {
  readonly kind = "synthetic";
  readonly description: string;
  readonly notes: readonly string[] = [];
  private readonly seed: number;
  private readonly permanent: readonly Contract[];
  private readonly permanentBySymbol: ReadonlyMap<string, Contract>;
  private readonly paths = new Map<string, HourPath>();
  private readonly market: HourPath;
  private readonly blocks: BlockCache;
  private readonly marketBridges = new Map<number, Float64Array>();

  constructor(seed: number, cacheMegabytes: number) {
    this.seed = seed;
    this.description = `SIMULATED prices of a synthetic exchange (seed ${seed}), never traded`;
    this.permanent = permanentContracts(seed);
    this.permanentBySymbol = new Map(this.permanent.map((contract) => [contract.symbol, contract]));
    this.blocks = new BlockCache(cacheMegabytes * 1_048_576);
    const first = this.permanent.find((contract) => contract.baseCoin === MARKET_COIN);
    this.market = new HourPath(key(seed, textKey("market")), hourOf(first?.pathStartMs ?? 0), {
      hourlyVolatility: 0.0045,
      trendShare: 0.75,
      trendStrength: 0.6,
      impulseHours: 16,
      elasticity: 0.2,
    });
  }

  listings(nowMs: number): readonly Listing[] {
    return [...this.permanent, ...shortLivedContracts(this.seed, nowMs), ...datedContracts(this.seed, nowMs)]
      .filter((contract) => isListed(contract, nowMs))
      .map((contract) => listingOf(contract, nowMs))
      .sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
  }

  listing(symbol: string, nowMs: number): Listing | null {
    const contract = this.contract(symbol, nowMs);
    return contract === null ? null : listingOf(contract, nowMs);
  }

  candles(range: {
    readonly symbol: string;
    readonly intervalMs: number;
    readonly fromMs: number;
    readonly toMs: number;
    readonly nowMs: number;
  }): CandlePage {
    const { intervalMs, nowMs } = range;
    const contract = this.contract(range.symbol, nowMs);
    const fromMs = Math.ceil(range.fromMs / intervalMs) * intervalMs;
    const toMs = Math.floor(Math.min(range.toMs, nowMs) / intervalMs) * intervalMs;
    if (contract === null || toMs < fromMs) return new CandlePageBuilder(0);
    const page = new CandlePageBuilder((toMs - fromMs) / intervalMs + 1);
    const motion = this.motion(contract);
    for (let dayMs = Math.floor(fromMs / DAY_MS) * DAY_MS; dayMs <= toMs; dayMs += DAY_MS) {
      const block = this.block(motion, intervalMs, dayMs);
      const from = Math.max(block.first, Math.ceil((fromMs - dayMs) / intervalMs));
      const to = Math.min(block.end - 1, Math.floor((toMs - dayMs) / intervalMs));
      for (let i = from; i <= to; i++) {
        const openMs = dayMs + i * intervalMs;
        if (openMs + intervalMs > nowMs) {
          this.pushRunning(page, motion, openMs, nowMs);
          break;
        }
        page.push(
          openMs,
          at(block.open, i),
          at(block.high, i),
          at(block.low, i),
          at(block.close, i),
          at(block.volume, i),
          at(block.turnover, i),
        );
      }
    }
    return page;
  }

  dayStatistics(symbol: string, nowMs: number): DayStatistics | null {
    const contract = this.contract(symbol, nowMs);
    if (contract === null || nowMs < contract.launchTimeMs) return null;
    const motion = this.motion(contract);
    const minuteMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
    const fromMs = minuteMs - (MINUTES_A_DAY - 1) * MINUTE_MS;
    const total = this.accumulated(motion, Math.max(fromMs, contract.launchTimeMs), nowMs);
    if (total === null) return this.lastTrade(motion);
    return {
      last: total.close,
      previous24h: total.open,
      previous1h: this.openOfMinute(motion, Math.max(contract.launchTimeMs, minuteMs - 59 * MINUTE_MS)),
      high: total.high,
      low: total.low,
      volume: total.volume,
      turnover: total.turnover,
    };
  }

  fundingRates(symbol: string, fromMs: number, toMs: number, nowMs: number): readonly FundingRow[] {
    const contract = this.contract(symbol, nowMs);
    return contract === null ? [] : settlements(this.motion(contract), fromMs, Math.min(toMs, nowMs));
  }

  nextFunding(symbol: string, nowMs: number): FundingRow | null {
    const contract = this.contract(symbol, nowMs);
    if (contract === null || contract.fundingIntervalMinutes === null) return null;
    const intervalMs = contract.fundingIntervalMinutes * MINUTE_MS;
    return {
      timeMs: (Math.floor(nowMs / intervalMs) + 1) * intervalMs,
      rate: fundingRateAt(this.motion(contract), hourOf(nowMs)),
    };
  }

  private contract(symbol: string, nowMs: number): Contract | null {
    const contract =
      this.permanentBySymbol.get(symbol) ??
      shortLivedContracts(this.seed, nowMs).find((candidate) => candidate.symbol === symbol) ??
      datedContracts(this.seed, nowMs).find((candidate) => candidate.symbol === symbol);
    return contract !== undefined && isListed(contract, nowMs) ? contract : null;
  }

  private motion(contract: Contract): Motion {
    if (contract.character.hourlyVolatility === 0) {
      return { contract, market: this.market, own: this.market };
    }
    const name = `${contract.baseCoin} ${contract.pathStartMs}`;
    let own = this.paths.get(name);
    if (own === undefined) {
      const seed = key(this.seed, textKey(contract.baseCoin));
      own = new HourPath(seed, hourOf(contract.pathStartMs), contract.character);
      this.paths.set(name, own);
    }
    return { contract, market: this.market, own };
  }

  private block(motion: Motion, intervalMs: number, dayMs: number): CandleBlock {
    const { symbol } = motion.contract;
    return this.blocks.get(`${symbol} ${intervalMs} ${dayMs}`, () =>
      intervalMs === MINUTE_MS
        ? dayCandles(motion, dayMs / DAY_MS, this.marketBridgesOf(dayMs / DAY_MS))
        : aggregateBlock(this.block(motion, MINUTE_MS, dayMs), intervalMs / MINUTE_MS),
    );
  }

  /** BTC's minutes move every other contract; the most recently used days are cached (11 KB each). */
  private marketBridgesOf(day: number): Float64Array {
    let found = this.marketBridges.get(day);
    if (found === undefined) {
      found = bridges(this.market, day);
      if (this.marketBridges.size >= 200) {
        for (const oldest of this.marketBridges.keys()) {
          this.marketBridges.delete(oldest);
          break;
        }
      }
      this.marketBridges.set(day, found);
    }
    return found;
  }

  private pushRunning(page: CandlePageBuilder, motion: Motion, openMs: number, nowMs: number): void {
    const row = this.accumulated(motion, openMs, nowMs);
    if (row === null) return;
    page.push(openMs, row.open, row.high, row.low, row.close, row.volume, row.turnover);
  }

  /** All trades in `[fromMs, nowMs)`, including the running minute so far; null if there is no minute. */
  private accumulated(motion: Motion, fromMs: number, nowMs: number): Row | null {
    const lastMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
    let row: Row | null = null;
    for (let dayMs = Math.floor(fromMs / DAY_MS) * DAY_MS; dayMs <= lastMs; dayMs += DAY_MS) {
      const block = this.block(motion, MINUTE_MS, dayMs);
      const from = Math.max(block.first, Math.round((fromMs - dayMs) / MINUTE_MS));
      const to = Math.min(block.end - 1, Math.round((lastMs - dayMs) / MINUTE_MS));
      for (let i = from; i <= to; i++) {
        const open = at(block.open, i);
        row ??= startRow(open);
        if (dayMs + i * MINUTE_MS < lastMs) {
          accumulate(
            row,
            at(block.high, i),
            at(block.low, i),
            at(block.close, i),
            at(block.volume, i),
            at(block.turnover, i),
          );
        } else {
          const part = valueWithin(block, i, (nowMs - lastMs) / MINUTE_MS, motion.contract);
          accumulate(row, part.high, part.low, part.close, part.volume, part.turnover);
        }
      }
    }
    return row;
  }

  /** The open of the minute, or of the last minute of a contract that has ended before it. */
  private openOfMinute(motion: Motion, timeMs: number): number {
    const { tradingEndMs } = motion.contract;
    const minuteMs = tradingEndMs === null ? timeMs : Math.min(timeMs, tradingEndMs - MINUTE_MS);
    const dayMs = Math.floor(minuteMs / DAY_MS) * DAY_MS;
    return at(this.block(motion, MINUTE_MS, dayMs).open, Math.round((minuteMs - dayMs) / MINUTE_MS));
  }

  /** A contract whose trading ended more than a day ago keeps its last price and has no turnover. */
  private lastTrade(motion: Motion): DayStatistics | null {
    const { tradingEndMs } = motion.contract;
    if (tradingEndMs === null) return null;
    const row = this.accumulated(motion, tradingEndMs - HOUR_MS, tradingEndMs);
    if (row === null) return null;
    const last = row.close;
    return { last, previous24h: last, previous1h: last, high: last, low: last, volume: 0, turnover: 0 };
  }
}

function isListed(contract: Contract, nowMs: number): boolean {
  return contract.launchTimeMs <= nowMs && (contract.delivery === null || nowMs < contract.delivery.timeMs);
}

function listingOf(contract: Contract, nowMs: number): Listing {
  const { delivery } = contract;
  const announced = delivery !== null && nowMs >= delivery.announcedMs;
  return {
    symbol: contract.symbol,
    baseCoin: contract.baseCoin,
    quoteCoin: contract.quoteCoin,
    contractType: contract.contractType,
    symbolType: contract.symbolType,
    status: delivery !== null && nowMs >= delivery.timeMs - DAY_MS ? "Delivering" : "Trading",
    launchTimeMs: contract.launchTimeMs,
    deliveryTimeMs: announced ? delivery.timeMs : null,
    priceDecimals: contract.priceDecimals,
    tickUnits: contract.tickUnits,
    quantityDecimals: contract.quantityDecimals,
    quantityStepUnits: contract.quantityStepUnits,
    fundingIntervalMinutes: contract.fundingIntervalMinutes ?? 0,
    maxLeverage: contract.maxLeverage,
    lastCandleMs: contract.tradingEndMs === null ? null : contract.tradingEndMs - MINUTE_MS,
  };
}
