import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ConfigurationError, configuration } from "#libs/config/configuration.ts";
import { callersFolder } from "#libs/config/environment.ts";
import { EXCHANGE_SETTINGS } from "#libs/config/settings.ts";
import { FAULTS } from "#libs/contracts/faults.ts";
import { makeBybitMarketData } from "#libs/market/bybit/bybit-market-data.ts";
import type { CandleRecorder } from "#libs/market/candle-recorder.ts";
import type { MarketData } from "#libs/market/market-data.ts";
import { MarketError } from "#libs/market/market-error.ts";
import { InputError } from "#libs/recordings/input-error.ts";
import type { WarningLog } from "#libs/runtime/fault-log.ts";
import type { ServiceScope } from "#libs/runtime/lifecycle.ts";
import { pause } from "#libs/runtime/pause.ts";
import { workerId } from "#libs/runtime/worker-id.ts";
import { bybitOptions } from "#services/shared/bybit-options.ts";
import { chooseSymbols } from "./choose-symbols.ts";
import {
  type DownloadArguments,
  parseDownloadArguments,
  type Window,
  windowOf,
} from "./download-arguments.ts";
import { downloadCandles } from "./download-candles.ts";
import { downloadFunding } from "./download-funding.ts";
import { type DownloadProgress, makeDownloadProgress } from "./download-progress.ts";
import { candleLine, fundingLine, missingLine } from "./download-report.ts";
import { type FolderLock, lockFolder } from "./folder-lock.ts";
import { type FolderState, openState, type RecordingSource } from "./folder-state.ts";

export interface DownloadTerminal {
  print(text: string): void;
  printError(text: string): void;
  readonly isErrorOutputWatched: boolean;
}

/** Something is missing, or the exchange could not be used. */
const EXIT_FAILED = 1;
/** As a shell has it after Ctrl-C. */
const EXIT_STOPPED = 130;
/** A ban that comes back again and again will not end by waiting. */
const MOST_BANS = 3;
/** Parts, lock and state of a folder. */
const WORK_FOLDER = ".download";

const SETTINGS = [
  ...EXCHANGE_SETTINGS,
  "MIN_VOLATILITY",
  "MAX_VOLATILITY",
  "MIN_TURNOVER_24H",
  "MIN_LISTING_DAYS",
] as const;

/**
 * `npm run download`.
 * @returns the exit code: 0; 1 when candles are missing at the exchange or it cannot be used; 130 when it was stopped.
 * @throws ConfigurationError when arguments, settings or the folder cannot be used.
 */
export async function runDownload(
  args: readonly string[],
  scope: Pick<ServiceScope, "environment" | "stopping" | "own">,
  terminal: DownloadTerminal,
): Promise<number> {
  const asked = parseDownloadArguments(args, terminal.print);
  if (asked === null) return 0;
  const config = configuration(scope.environment, SETTINGS);
  const progress = makeDownloadProgress(terminal.isErrorOutputWatched, terminal.printError);
  scope.own(progress, (shown) => shown.clear());
  const logger: WarningLog = { warn: (fields, message) => progress.say(`${message}${reasonIn(fields)}`) };
  const market = patient(
    makeBybitMarketData({ ...bybitOptions(config), stopping: scope.stopping, logger }),
    progress,
    scope.stopping,
  );
  const dir = resolve(callersFolder(scope.environment), asked.dir);
  try {
    const exchangeMs = await market.serverTimeMs();
    const window = windowOf(asked, exchangeMs);
    const choice = { market, filters: config, exchangeMs, intervalMs: asked.intervalMs };
    const symbols = await chooseSymbols(choice, asked.symbols);
    const folder = await openFolder(dir, sourceOf(config));
    scope.own(folder.lock, (lock) => lock.release());
    const complete = await downloadAll({
      asked,
      window,
      symbols,
      dir,
      market,
      progress,
      terminal,
      ...folder,
    });
    terminal.print(`${dir}: npm start -- --market replay --data ${dir}\n`);
    return complete ? 0 : EXIT_FAILED;
  } catch (error) {
    progress.clear();
    if (error instanceof InputError)
      throw new ConfigurationError(`download: ${error.message}`, { cause: error });
    if (!(error instanceof MarketError)) throw error;
    if (scope.stopping.aborted) {
      terminal.printError(
        "download: stopped; what was fetched is kept, and the same command goes on from there\n",
      );
      return EXIT_STOPPED;
    }
    terminal.printError(`download: ${error.message}; ${remedyOf(error)}\n`);
    return EXIT_FAILED;
  }
}

interface DownloadParts {
  readonly asked: DownloadArguments;
  readonly window: Window;
  readonly symbols: readonly string[];
  readonly dir: string;
  readonly workFolder: string;
  readonly lock: FolderLock;
  readonly state: FolderState;
  readonly market: MarketData & CandleRecorder;
  readonly progress: DownloadProgress;
  readonly terminal: DownloadTerminal;
}

/** One coin after the other. False when the exchange does not have all candles. */
async function downloadAll(parts: DownloadParts): Promise<boolean> {
  const { asked, window, symbols, progress, terminal, market } = parts;
  const print = (line: string) => {
    progress.clear();
    terminal.print(`${line}\n`);
  };
  let complete = true;
  for (const [index, symbol] of symbols.entries()) {
    const report = await downloadCandles(
      {
        ...parts,
        recorder: market,
        intervalMs: asked.intervalMs,
        onProgress: (name, done, total) => progress.show(name, index + 1, symbols.length, done, total),
      },
      symbol,
      window,
    );
    print(candleLine(report));
    if (report.missingMs.length > 0) {
      complete = false;
      progress.say(missingLine(symbol, report));
    }
    if (asked.funding) print(fundingLine(await downloadFunding(parts, symbol, window)));
  }
  return complete;
}

/** @throws InputError when the folder cannot be made, is in use, or holds recordings of another source. */
async function openFolder(dir: string, source: RecordingSource) {
  const workFolder = join(dir, WORK_FOLDER);
  try {
    await mkdir(workFolder, { recursive: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError(`--dir ${dir} cannot be used as a folder: ${reason}`, { cause: error });
  }
  const lock = await lockFolder(workFolder, { pid: process.pid, token: workerId() });
  try {
    return { workFolder, lock, state: await openState(workFolder, source) };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

function sourceOf(config: {
  readonly bybitBaseUrl: string | undefined;
  readonly bybitTestnet: boolean;
}): RecordingSource {
  if (config.bybitBaseUrl === undefined) return config.bybitTestnet ? "testnet" : "live";
  const { hostname } = new URL(config.bybitBaseUrl);
  if (/^(?:localhost|127\..*|\[::1\]|::1)$/.test(hostname)) return "local";
  return hostname.includes("testnet") ? "testnet" : "live";
}

/** Waits for the end of a ban that comes in the middle; one at the first request is an address that is refused. */
function patient(
  market: MarketData & CandleRecorder,
  progress: DownloadProgress,
  stopping: AbortSignal,
): MarketData & CandleRecorder {
  let hasAnswered = false;
  async function attempt<T>(work: () => Promise<T>): Promise<T> {
    for (let bans = 0; ; bans++) {
      try {
        const answer = await work();
        hasAnswered = true;
        return answer;
      } catch (error) {
        const isBan = error instanceof MarketError && error.kind === "banned";
        if (!isBan || !hasAnswered || bans >= MOST_BANS) throw error;
        const waitMs = error.retryAfterMs ?? 0;
        progress.say(
          `no request for ${Math.ceil(waitMs / 1000)} s, as the exchange asks; then the download goes on`,
        );
        await pause(waitMs, stopping);
        if (stopping.aborted) throw error;
      }
    }
  }
  return {
    serverTimeMs: () => attempt(() => market.serverTimeMs()),
    tickers: () => attempt(() => market.tickers()),
    instruments: () => attempt(() => market.instruments()),
    candles: (range) => attempt(() => market.candles(range)),
    fundingRates: (range) => attempt(() => market.fundingRates(range)),
    recordedCandles: (range) => attempt(() => market.recordedCandles(range)),
  };
}

function remedyOf({ kind }: MarketError): string {
  if (kind === "banned") return FAULTS.exchangeBans.remedy;
  return "what was fetched is kept: the same command goes on from there";
}

function reasonIn(fields: object): string {
  return "reason" in fields && typeof fields.reason === "string" ? `: ${fields.reason}` : "";
}
