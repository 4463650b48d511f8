import { availableParallelism } from "node:os";
import { Command } from "commander";
import { TIMEFRAMES } from "#libs/candles/timeframe.ts";
import { monotonicMs } from "#libs/runtime/clock.ts";
import { AFTER_THE_MINUTE_MS } from "#libs/runtime/every.ts";
import { runService } from "#libs/runtime/lifecycle.ts";
import { commandLineArguments, print, printError } from "#libs/terminal/terminal.ts";
import { parseArguments, wholeNumber } from "#services/shared/arguments.ts";
import { runDay } from "./day.ts";
import { type BrokerLinks, brokerLinks, workFaults } from "./leftovers.ts";
import { memoryFaults, memoryRows } from "./memory.ts";
import { describeReport, type LoadReport, quantilesOf, rates, rounded } from "./report.ts";
import { append, emptySamples, sampleHeap, sampleProcess, sampleQueues } from "./samples.ts";
import { startWorld } from "./world.ts";

/** In the future, so that no database that knows the time of day takes the day's items for expired. */
const START_MS = Date.UTC(2030, 0, 15);
const COINS = 30;
const ANALYZERS = 4;
const FINDERS = 2;
/** Fewer are no load. */
const LEAST_SIGNALS_A_DAY = 20_000;

const SIMULATED =
  "SIMULATED: prices (synthetic exchange over HTTP) and the day. Each minute begins two seconds after the candle's " +
  "close, as in a real one, runs at real speed, and is cut short when its work is done; a scan's backtests are done " +
  "before the next minute. The pace of calls to the exchange is off. Real: the bundles of the images with their " +
  "options, RabbitMQ, the SDKs, every message, call and item.";

interface Options {
  readonly hours: number;
  readonly json?: true;
}

/** `npm run load`: a day's work of the whole system in minutes, and whether it stayed within its limits. */
await runService("load", async (scope) => {
  const command = new Command("npm run -s load --")
    .description("A day's work in minutes: four analyzers, two finders, scanner and selector as processes.")
    .option("--hours <number>", "hours of the day", wholeNumber(1, 168), 24)
    .option("--json", "the result as one JSON object, progress on standard error");
  const options = parseArguments<Options>(command, commandLineArguments(), print);
  if (options === null) return 0;
  const { hours } = options;
  const warmUpMinutes = Math.min(120, hours * 30);
  const startedMs = monotonicMs();

  const world = await startWorld(scope, {
    startMs: START_MS + AFTER_THE_MINUTE_MS,
    analyzers: ANALYZERS,
    finders: FINDERS,
    settings: {
      TOP_N_COINS: String(COINS),
      BYBIT_REQUESTS_PER_SECOND: "1000",
      // The busiest strategies, whatever they earn: some 24 pass each minute, and find the most entries.
      MIN_TRADES: "130",
      MIN_WIN_RATE: "0",
      MIN_PNL: "-100000",
    },
  });
  const samples = emptySamples();
  const links: BrokerLinks[] = [];
  const { minutes, counts } = await runDay(
    world,
    {
      startMs: START_MS,
      minutes: hours * 60,
      tasksOfScan: COINS * TIMEFRAMES.length,
      stopping: scope.stopping,
    },
    async (minute, soFar) => {
      const hourEnds = (minute + 1) % 60 === 0;
      for (const process of world.services()) {
        append(samples.processes, process.name, sampleProcess(process, minute));
        if (hourEnds) append(samples.heaps, process.name, await sampleHeap(process, minute));
      }
      samples.queues.push(await sampleQueues(world.queue, minute));
      if (minute + 1 === warmUpMinutes) links.push(await brokerLinks(world));
      if (hourEnds) {
        const seconds = Math.round((monotonicMs() - startedMs) / 1000);
        printError(
          `hour ${(minute + 1) / 60} of ${hours} after ${seconds} s: ${soFar.taskEnds} tasks, ${soFar.signals.size} signals, ${soFar.entries.size} positions\n`,
        );
      }
    },
  );

  const memory = memoryRows(samples, warmUpMinutes);
  const last = await brokerLinks(world);
  const warm = links[0] ?? last;
  const leastSignals = (LEAST_SIGNALS_A_DAY * minutes) / (24 * 60);
  const faults = [
    ...(counts.signals.size < leastSignals
      ? [`${counts.signals.size} signals are no load: a day has ${LEAST_SIGNALS_A_DAY}`]
      : []),
    ...(await workFaults(world, counts, {
      startMs: START_MS,
      minutes,
      coins: COINS,
      timeframes: TIMEFRAMES.length,
    })),
    ...memory.flatMap(memoryFaults),
    ...samples.queues
      .filter(({ ready, retrying, dead }) => ready + retrying + dead > 0)
      .map((queue) => `messages left at the end of minute ${queue.minute}: ${JSON.stringify(queue)}`),
    ...(["connections", "channels", "queues"] as const)
      .filter((kind) => last[kind] > warm[kind])
      .map((kind) => `${kind} of the broker grew from ${warm[kind]} to ${last[kind]}`),
  ];
  const report: LoadReport = {
    simulated: SIMULATED,
    hours: rounded(minutes / 60, 2),
    node: process.versions.node,
    cores: availableParallelism(),
    database: world.databaseName,
    seconds: rounded((monotonicMs() - startedMs) / 1000, 1),
    scans: counts.scans,
    tasks: counts.taskEnds,
    selectorRuns: counts.selectorRuns,
    signals: counts.signals.size,
    ...rates(counts),
    taskMs: quantilesOf(counts.taskMs),
    ends: Object.fromEntries(counts.ends),
    positions: counts.entries.size,
    latencyMs: quantilesOf(counts.latenciesMs),
    decisionMs: quantilesOf(counts.decisionsMs),
    logMegabytes: rounded(counts.logBytes / 1e6, 1),
    mostWaiting: Math.max(...samples.queues.map(({ ready }) => ready)),
    links: { warm, last },
    memory,
    faults,
  };
  print(options.json === true ? `${JSON.stringify(report, null, 2)}\n` : describeReport(report));
  return faults.length === 0 ? 0 : 1;
});
