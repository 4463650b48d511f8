import { DeleteTableCommand } from "@aws-sdk/client-dynamodb";
import { paginateScan } from "@aws-sdk/lib-dynamodb";
import type { z } from "zod";
import { tradingSignalSchema } from "#libs/contracts/messages.ts";
import { type PositionItem, positionItemSchema } from "#libs/contracts/position-item.ts";
import { BACKTEST_TASKS, QUEUES, TRADING_SIGNALS } from "#libs/contracts/queues.ts";
import { type ResultsItem, resultsItemSchema } from "#libs/contracts/results-item.ts";
import { POSITIONS_TABLE, RESULTS_TABLE, SCAN_HISTORY_TABLE, SIGNALS_TABLE } from "#libs/contracts/tables.ts";
import { fromWire, toWire } from "#libs/contracts/wire.ts";
import { connectRabbitMq } from "#libs/queue/rabbitmq/connect.ts";
import { newEnvelope, publishOptions } from "#libs/queue/rabbitmq/envelope.ts";
import { monotonicMs, simulatedClock, systemClock } from "#libs/runtime/clock.ts";
import { makeScanStore } from "#libs/store/dynamodb/scan-store.ts";
import { createTables } from "#libs/store/dynamodb/tables/create-tables.ts";
import { capturedLogger } from "#test/support/captured-logger.ts";
import { TEST_REGION } from "#test/support/database/dynamodb.ts";
import {
  ANALYZERS,
  type Fault,
  FINDERS,
  type Phase,
  SCANNERS,
  type Schedule,
  SELECTORS,
  type WorkerName,
} from "./faults.ts";
import { type FleetOptions, makeFleet, type ProcessEnd, serviceOf } from "./fleet.ts";
import { inject } from "./injector.ts";
import { type Expectation, type Observation, type Violation, violations } from "./invariants.ts";
import { type PoisonLetter, poisonSignal, poisonTask, staleSignal } from "./messages.ts";
import { deleteQueues, depths, put, takeDeadLetters } from "./queues.ts";
import type { Reference } from "./reference.ts";
import { QUICK_SETTINGS, SECRETS, START_MS, WORLD_SETTINGS } from "./settings.ts";
import { type Stage, tableNames } from "./stage.ts";

/** What is wrong with the run itself, not with what it looked at. */
export interface HarnessFailure {
  readonly invariant: "the run comes to its end";
  readonly what: string;
}

export interface Verdict {
  readonly seed: number;
  /** Whether nothing of the run goes on. */
  readonly hasEnded: boolean;
  readonly milliseconds: number;
  readonly violations: readonly (Violation | HarnessFailure)[];
  /** How often each kind of fault has struck. */
  readonly struck: Readonly<Record<string, number>>;
  readonly ends: readonly ProcessEnd[];
}

/** A phase that has not ended so long after its last fault never will. */
const PHASE_LIMIT_MS = 120_000;
/** ECS kills after 120 s; the services promise to be gone before. A busy machine is what this leaves room for. */
const STOP_DEADLINE_MS = 45_000;
/** Later than the lease of a scanner, and of a selector, that has died with it. */
const LATER_SECONDS = { scanner: 301, selector: 20, analyzer: 0, finder: 0, executor: 0 } as const;

/** One run of the services against one schedule of faults, from empty tables and queues to what is left. */
export async function runSeed(
  stage: Stage,
  programs: string,
  reference: Reference,
  schedule: Schedule,
): Promise<Verdict> {
  const startedMs = monotonicMs();
  const tables = tableNames();
  await createTables(stage.dynamo, [
    { ...RESULTS_TABLE, name: tables.results },
    { ...POSITIONS_TABLE, name: tables.positions },
    { ...SCAN_HISTORY_TABLE, name: tables.scans },
    { ...SIGNALS_TABLE, name: tables.signals },
  ]);
  await declareQueues(stage);
  const clock = simulatedClock(START_MS, 0);
  const scans = makeScanStore(stage.dynamo, { tableName: tables.scans, clock });
  const scanId = reference.scan.scanId;
  const unfinished: string[] = [];
  const struck: Record<string, number> = {};

  const crew = {
    programs,
    environment: (worker: WorkerName, start: number) => ({
      ...WORLD_SETTINGS,
      ...QUICK_SETTINGS,
      ...networkOf(stage, worker),
      AWS_REGION: TEST_REGION,
      AWS_ACCESS_KEY_ID: "local",
      AWS_SECRET_ACCESS_KEY: SECRETS.awsSecret,
      AWS_SESSION_TOKEN: SECRETS.awsToken,
      BYBIT_BASE_URL: stage.simulator.url,
      RESULTS_TABLE: tables.results,
      POSITIONS_TABLE: tables.positions,
      SCAN_HISTORY_TABLE: tables.scans,
      SIGNALS_TABLE: tables.signals,
      SIMULATED_TIME: new Date(
        START_MS + (clockOffset(schedule, worker) + start * LATER_SECONDS[serviceOf(worker)]) * 1_000,
      ).toISOString(),
    }),
  } satisfies FleetOptions;
  const fleet = makeFleet(crew);

  const poison: PoisonLetter[] = [];
  const phases: Readonly<
    Record<Phase, { readonly starts: readonly WorkerName[]; readonly isDone: () => Promise<string | null> }>
  > = {
    scan: {
      starts: [...ANALYZERS, ...FINDERS, ...SCANNERS],
      isDone: async () => {
        const item = await scans.get(scanId);
        if (item?.status !== "completed") return `the scan is ${item?.status ?? "not there"}`;
        return SCANNERS.every((worker) => fleet.isDone(worker)) ? null : "a scanner has not ended";
      },
    },
    search: {
      starts: SELECTORS,
      isDone: async () =>
        SELECTORS.every((worker) => fleet.isDone(worker)) ? null : "a selector has not ended",
    },
  };

  async function run(phase: Phase): Promise<void> {
    const faults = schedule[phase];
    await putMessages(phase, faults);
    for (const worker of phases[phase].starts) fleet.start(worker);
    const injection = inject(phase, faults, {
      stage,
      fleet,
      seed: schedule.seed,
      failed: (what, error) => unfinished.push(`the fault "${what}" could not be made: ${String(error)}`),
    });
    await injection.over;
    const deadlineMs = monotonicMs() + PHASE_LIMIT_MS;
    let left: string | null = "not looked at";
    while (left !== null && monotonicMs() < deadlineMs) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      left = (await phases[phase].isDone()) ?? (await waiting(stage)) ?? (await stillMoving(stage));
    }
    if (left !== null) unfinished.push(`the ${phase} does not end: ${left}`);
    injection.end();
    for (const [kind, times] of Object.entries(injection.struck)) struck[kind] = (struck[kind] ?? 0) + times;
  }

  async function putMessages(phase: Phase, faults: readonly Fault[]): Promise<void> {
    const make = phase === "scan" ? poisonTask : poisonSignal;
    const letters = faults.flatMap((fault) => (fault.kind === "poison" ? [make(fault.what)] : []));
    poison.push(...letters);
    const queue = phase === "scan" ? BACKTEST_TASKS.name : TRADING_SIGNALS.name;
    await put(
      stage.brokerUrl,
      queue,
      letters.map(({ body, messageId }) => ({
        body,
        options: publishOptions(newEnvelope(systemClock.nowMs()), messageId),
      })),
    );
    // Only what would be acted on, were it fresh, can show that a stale one is not.
    const entries = reference.signals.filter(({ signalId }) =>
      reference.positions.some((position) => position.signalId === signalId),
    );
    const stale = faults.flatMap((fault) =>
      fault.kind === "stale" ? entries.map((signal) => staleSignal(fault.what, signal)) : [],
    );
    await put(
      stage.brokerUrl,
      queue,
      stale.map(({ signal, publishedAgoMs }) => ({
        body: Buffer.from(JSON.stringify(toWire(tradingSignalSchema, signal, "stale signal"))),
        options: publishOptions(newEnvelope(systemClock.nowMs() - publishedAgoMs), signal.signalId),
      })),
    );
  }

  try {
    await run("scan");
    await run("search");
  } finally {
    await fleet.stop(STOP_DEADLINE_MS);
  }

  // Whoever was stopped with a message in hand has given it back: as in a deployment, others do that work.
  const ends = [...fleet.ends];
  if ((await waiting(stage)) !== null) {
    const after = makeFleet(crew);
    try {
      for (const worker of [ANALYZERS[0], FINDERS[0]]) after.start(worker);
      const deadlineMs = monotonicMs() + PHASE_LIMIT_MS;
      let left: string | null = "not looked at";
      while (left !== null && monotonicMs() < deadlineMs) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        left = (await waiting(stage)) ?? (await stillMoving(stage));
      }
    } finally {
      await after.stop(STOP_DEADLINE_MS);
    }
    ends.push(...after.ends);
  }

  const queues = await depths(stage.brokerUrl);
  const deadLetters = [];
  for (const queue of QUEUES) deadLetters.push(...(await takeDeadLetters(stage.brokerUrl, queue)));
  const seen: Observation = {
    scan: await scans.get(scanId),
    universe: await scans.universe(scanId),
    results: await itemsOf<ResultsItem>(stage, tables.results, resultsItemSchema),
    positions: await itemsOf<PositionItem>(stage, tables.positions, positionItemSchema),
    depths: queues,
    deadLetters,
    ends,
    unfinished,
  };
  const expected: Expectation = {
    reference,
    poison,
    stopDeadlineMs: STOP_DEADLINE_MS,
    secrets: Object.values(SECRETS).flatMap((secret) => [secret, encodeURIComponent(secret)]),
  };
  const broken = violations(seen, expected);
  if (broken.length > 0) await deleteQueues(stage.brokerUrl);
  for (const name of Object.values(tables))
    await stage.dynamo.send(new DeleteTableCommand({ TableName: name }));
  return {
    seed: schedule.seed,
    hasEnded: true,
    milliseconds: monotonicMs() - startedMs,
    violations: broken,
    struck,
    ends,
  };
}

/** As the first of the services would: a run may start before the queues are there. */
async function declareQueues(stage: Stage): Promise<void> {
  const queue = await connectRabbitMq({ url: stage.brokerUrl, logger: capturedLogger().logger });
  await queue.close();
}

function networkOf(stage: Stage, worker: WorkerName): Record<string, string> {
  const network = stage.network.get(worker);
  if (network === undefined) throw new Error(`no network for ${worker}`);
  return {
    RABBITMQ_URL: network.brokerUrl,
    AWS_ENDPOINT_URL: network.endpoint,
  };
}

function clockOffset(schedule: Schedule, worker: WorkerName): number {
  const skew = [...schedule.scan, ...schedule.search].find(
    (fault) => fault.kind === "clock" && fault.worker === worker,
  );
  return skew?.kind === "clock" ? skew.offBySeconds : 0;
}

/** What still waits in the queues, the dead letters aside. */
async function waiting(stage: Stage): Promise<string | null> {
  const dead = new Set(QUEUES.map(({ deadLetterName }) => deadLetterName));
  for (const [name, count] of await depths(stage.brokerUrl)) {
    if (count > 0 && !dead.has(name)) return `${count} messages wait in ${name}`;
  }
  return null;
}

/** Messages in a worker's hands show only in what it asks of the database and the exchange. */
async function stillMoving({ database, simulator }: Stage): Promise<string | null> {
  const before = database.seen.length + simulator.requests().total;
  await new Promise((resolve) => setTimeout(resolve, 700));
  return database.seen.length + simulator.requests().total === before ? null : "workers are at work";
}

async function itemsOf<T>(stage: Stage, table: string, schema: z.ZodType<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const page of paginateScan(
    { client: stage.dynamo },
    { TableName: table, ConsistentRead: true },
  )) {
    for (const item of page.Items ?? []) items.push(fromWire(schema, item, `item of ${table}`));
  }
  return items;
}
