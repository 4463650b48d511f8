import { DAY_MS, HOUR_MS } from "#libs/candles/timeframe.ts";
import { type Contract, stepsFor } from "./contract.ts";
import { key, RandomStream, textKey } from "./random.ts";

/**
 * Well-known coins at plausible prices, so that users find familiar names. Their prices are simulated like all others:
 * beta to BTC, hourly volatility in percent, million USDT traded per day.
 */
const MAJORS: readonly (readonly [string, number, number, number, number])[] = [
  ["BTC", 95_000, 1, 0, 9_000],
  ["ETH", 3_300, 1.15, 0.28, 4_500],
  ["SOL", 180, 1.3, 0.45, 1_800],
  ["XRP", 2.2, 1.0, 0.45, 1_200],
  ["BNB", 650, 0.8, 0.25, 400],
  ["DOGE", 0.18, 1.3, 0.55, 900],
  ["ADA", 0.75, 1.1, 0.45, 350],
  ["AVAX", 28, 1.3, 0.5, 220],
  ["LINK", 17, 1.2, 0.45, 260],
  ["LTC", 95, 0.9, 0.35, 180],
  ["DOT", 5.5, 1.15, 0.42, 120],
  ["TRX", 0.24, 0.5, 0.25, 90],
  ["NEAR", 3.9, 1.3, 0.55, 110],
  ["SUI", 3.2, 1.35, 0.65, 600],
  ["APT", 7.4, 1.25, 0.55, 90],
  ["BCH", 430, 0.9, 0.4, 140],
];

/** Invented coins, so that their prices are not mistaken for real ones; prices from 0.00002 to 2,400. */
const INVENTED: readonly (readonly [string, number])[] = [
  ["ORBIX", 12.4],
  ["KELVA", 0.86],
  ["TARNIX", 0.043],
  ["VOLTRA", 3.7],
  ["MEMOON", 0.00072],
  ["1000FROGO", 0.0127],
  ["1000WIGGL", 0.00235],
  ["10000SHUMI", 0.00038],
  ["1000000DOJI", 0.0019],
  ["PIXLA", 0.31],
  ["ZENTHO", 48.5],
  ["QUARKA", 1.92],
  ["LUMERO", 0.147],
  ["GRAVIX", 7.85],
  ["NOVAQ", 0.0561],
  ["HELIXO", 0.412],
  ["BRYNE", 2.63],
  ["CINDRA", 0.0088],
  ["DRAKOS", 134],
  ["EMBRA", 0.00214],
  ["FLUXOR", 0.694],
  ["GLYPHO", 0.0193],
  ["HAVENA", 5.12],
  ["IONIQA", 0.253],
  ["JUNIPA", 0.0714],
  ["KRAKIN", 22.1],
  ["LATTIX", 1.17],
  ["MYRIAD", 0.00563],
  ["NIMBLO", 0.932],
  ["OPALIN", 3.05],
  ["PRISMO", 0.118],
  ["QUORUX", 9.44],
  ["RUNIQ", 0.0357],
  ["SOLACE", 0.541],
  ["TESSRA", 2_400],
  ["UMBRAL", 0.00121],
  ["VERTIX", 16.8],
  ["WYVRN", 0.0821],
  ["XENOLA", 0.378],
  ["YONDER", 6.27],
  ["ZEPHRA", 0.0246],
  ["ASTRIX", 1.48],
  ["BOLTRA", 0.199],
  ["CRYPTA", 0.0642],
  ["DUSKOR", 4.31],
  ["ECHONA", 0.00917],
  ["FABLIX", 0.723],
  ["GOBLYN", 0.0000213],
  ["HYDRON", 31.6],
  ["INKARA", 0.288],
  ["JOLTIC", 0.0155],
  ["KITERO", 2.04],
];

/** Coins with too little volume to be worth a backtest. */
const THIN: readonly (readonly [string, number])[] = [
  ["QUILLO", 0.482],
  ["MOTHRA", 0.0331],
  ["SEDGE", 7.3],
];

/** Not crypto: base price, symbol type, hourly volatility in percent. */
const OTHER_MARKETS: readonly (readonly [string, number, "stock" | "forex" | "commodity", number])[] = [
  ["ACMEX", 182, "stock", 1.1],
  ["GLOBEX", 41.7, "stock", 1.6],
  ["INITEC", 310, "stock", 0.5],
  ["EURX", 1.08, "forex", 0.06],
  ["XAUX", 2_650, "commodity", 0.14],
  ["OILX", 71.2, "commodity", 0.9],
];

/** When the first contract was listed and the whole market started. */
const BTC_LAUNCH_MS = Date.UTC(2020, 2, 25, 10);

const NO_PATH = { hourlyVolatility: 0, trendShare: 0, trendStrength: 0, impulseHours: 1, elasticity: 0 };

/** Contracts that are listed permanently, in a fixed order. The seed determines their properties and launches. */
export function permanentContracts(seed: number): readonly Contract[] {
  return [
    ...MAJORS.map((row) => major(seed, ...row)),
    ...INVENTED.map(([coin, price]) => invented(seed, coin, price)),
    ...THIN.map(([coin, price]) => ({
      ...invented(seed, coin, price),
      turnoverPerMinute: 60,
      quietShare: 0.55,
    })),
    ...OTHER_MARKETS.map((row) => otherMarket(seed, ...row)),
    ...MAJORS.slice(0, 2).map((row) => usdcPerpetual(major(seed, ...row))),
    {
      ...invented(seed, "STALLED", 0.619),
      ...launchedAt(Date.UTC(2022, 5, 1)),
      tradingEndMs: Date.UTC(2024, 5, 30, 8),
    },
  ];
}

function major(
  seed: number,
  coin: string,
  basePrice: number,
  beta: number,
  volatilityPercent: number,
  millionsADay: number,
): Contract {
  const random = new RandomStream(key(seed, textKey(coin)));
  return {
    ...crypto(coin, basePrice),
    ...(coin === "BTC" ? { priceDecimals: 2, tickUnits: 10 } : {}),
    ...launchedAt(coin === "BTC" ? BTC_LAUNCH_MS : BTC_LAUNCH_MS + random.integer(1, 300 * 24) * HOUR_MS),
    beta,
    character:
      volatilityPercent === 0
        ? NO_PATH
        : {
            hourlyVolatility: volatilityPercent / 100,
            trendShare: random.between(0.45, 0.65),
            trendStrength: random.between(0.3, 0.7),
            impulseHours: random.between(5, 20),
            elasticity: random.between(0.2, 0.9),
          },
    turnoverPerMinute: (millionsADay * 1e6) / 1440,
    fundingIntervalMinutes: 480,
    maxLeverage: 100,
  };
}

function invented(seed: number, coin: string, basePrice: number): Contract {
  const random = new RandomStream(key(seed, textKey(coin)));
  return {
    ...crypto(coin, basePrice),
    symbolType: random.uniform() < 0.2 ? "innovation" : "",
    ...launchedAt(Date.UTC(2021, 0, 1 + random.integer(0, 1000), random.integer(0, 23))),
    beta: random.between(0.6, 1.5),
    character: {
      hourlyVolatility: random.between(0.4, 1.0) / 100,
      trendShare: random.between(0.25, 0.65),
      trendStrength: random.between(0.25, 0.92),
      impulseHours: random.between(4, 24),
      elasticity: random.between(0.1, 0.95),
    },
    turnoverPerMinute: (8e6 * (1 + 20 * random.uniform() * random.uniform())) / 1440,
    fundingIntervalMinutes: random.uniform() < 0.35 ? 240 : 480,
    maxLeverage: random.uniform() < 0.5 ? 25 : 50,
  };
}

function otherMarket(
  seed: number,
  coin: string,
  basePrice: number,
  symbolType: "stock" | "forex" | "commodity",
  volatilityPercent: number,
): Contract {
  return {
    ...invented(seed, coin, basePrice),
    symbolType,
    beta: 0.1,
    character: {
      hourlyVolatility: volatilityPercent / 100,
      trendShare: 0.5,
      trendStrength: 0.5,
      impulseHours: 8,
      elasticity: 0.3,
    },
    turnoverPerMinute: 30e6 / 1440,
  };
}

function usdcPerpetual(contract: Contract): Contract {
  return {
    ...contract,
    symbol: `${contract.baseCoin}PERP`,
    quoteCoin: "USDC",
    basePrice: contract.basePrice * 0.9998,
    turnoverPerMinute: contract.turnoverPerMinute / 20,
  };
}

function launchedAt(launchTimeMs: number): Pick<Contract, "launchTimeMs" | "pathStartMs"> {
  return { launchTimeMs, pathStartMs: launchTimeMs };
}

function crypto(coin: string, basePrice: number) {
  return {
    symbol: `${coin}USDT`,
    baseCoin: coin,
    quoteCoin: "USDT",
    contractType: "LinearPerpetual",
    symbolType: "",
    tradingEndMs: null,
    delivery: null,
    basePrice,
    quietShare: 0,
    ...stepsFor(basePrice),
  } satisfies Partial<Contract>;
}

/** A new coin is listed every week and delisted three weeks later: always two new ones and one being delisted. */
const LISTING_CYCLE_MS = 7 * DAY_MS;
const LISTING_LIFE_MS = 3 * LISTING_CYCLE_MS;
const LISTING_HOUR_MS = 8 * HOUR_MS;

/** The short-lived contracts listed at a given time. They depend only on the calendar. */
export function shortLivedContracts(seed: number, nowMs: number): readonly Contract[] {
  const contracts: Contract[] = [];
  const newest = Math.floor((nowMs - LISTING_HOUR_MS) / LISTING_CYCLE_MS);
  for (let cycle = newest; cycle > newest - 3; cycle--) contracts.push(weeklyListing(seed, cycle));
  return contracts;
}

const SYLLABLES = ["ba", "ce", "do", "fi", "gu", "ka", "lo", "mi", "nu", "po", "ra", "si", "to", "vu", "ze"];

function weeklyListing(seed: number, cycle: number): Contract {
  const random = new RandomStream(key(seed, key(cycle, 77)));
  const syllable = () => SYLLABLES[random.integer(0, SYLLABLES.length - 1)] ?? "na";
  // The cycle number distinguishes two listings with the same syllables.
  const coin = `${syllable()}${syllable()}${syllable()}${cycle % 100}`.toUpperCase();
  const launchTimeMs = cycle * LISTING_CYCLE_MS + LISTING_HOUR_MS;
  const deliveryMs = launchTimeMs + LISTING_LIFE_MS;
  return {
    ...invented(seed, coin, random.between(0.02, 4)),
    symbolType: "innovation",
    ...launchedAt(launchTimeMs),
    tradingEndMs: deliveryMs,
    delivery: { announcedMs: deliveryMs - LISTING_CYCLE_MS, timeMs: deliveryMs },
    character: {
      hourlyVolatility: 0.022,
      trendShare: 0.6,
      trendStrength: 0.5,
      impulseHours: 6,
      elasticity: 0.2,
    },
    turnoverPerMinute: 40e6 / 1440,
    fundingIntervalMinutes: 240,
    maxLeverage: 12.5,
  };
}

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/** The quarterly futures on BTC and ETH listed at a given time: the nearest two expiries. */
export function datedContracts(seed: number, nowMs: number): readonly Contract[] {
  const contracts: Contract[] = [];
  for (const row of MAJORS.slice(0, 2)) {
    const underlying = major(seed, ...row);
    for (const expiryMs of nextExpiries(nowMs, 2)) {
      const date = new Date(expiryMs);
      const day = String(date.getUTCDate()).padStart(2, "0");
      const month = MONTHS[date.getUTCMonth()] ?? "";
      contracts.push({
        ...underlying,
        symbol: `${underlying.symbol}-${day}${month}${String(date.getUTCFullYear()).slice(2)}`,
        contractType: "LinearFutures",
        basePrice: underlying.basePrice * 1.012,
        launchTimeMs: expiryMs - 190 * DAY_MS,
        tradingEndMs: expiryMs,
        delivery: { announcedMs: 0, timeMs: expiryMs },
        turnoverPerMinute: underlying.turnoverPerMinute / 100,
        fundingIntervalMinutes: null,
      });
    }
  }
  return contracts;
}

/** The last Fridays of March, June, September and December, 08:00 UTC, after the given time. */
function nextExpiries(nowMs: number, count: number): readonly number[] {
  const expiries: number[] = [];
  const now = new Date(nowMs);
  for (let quarter = Math.floor(now.getUTCMonth() / 3); expiries.length < count; quarter++) {
    const lastDay = new Date(Date.UTC(now.getUTCFullYear(), quarter * 3 + 3, 0, 8));
    const expiryMs = lastDay.getTime() - ((lastDay.getUTCDay() + 2) % 7) * DAY_MS;
    if (expiryMs > nowMs) expiries.push(expiryMs);
  }
  return expiries;
}
