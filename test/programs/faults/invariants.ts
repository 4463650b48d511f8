import { isDeepStrictEqual } from "node:util";
import type { PositionItem } from "#libs/contracts/position-item.ts";
import { QUEUES } from "#libs/contracts/queues.ts";
import type { ResultsItem } from "#libs/contracts/results-item.ts";
import type { ScanItem, UniverseEntry } from "#libs/contracts/scan-item.ts";
import type { ProcessEnd } from "./fleet.ts";
import { POISON_SCAN, type PoisonLetter, STALE_MINUTE } from "./messages.ts";
import type { DeadMessage } from "./queues.ts";
import type { Reference } from "./reference.ts";

/** Everything that is left of a run. */
export interface Observation {
  readonly scan: ScanItem | null;
  readonly universe: readonly UniverseEntry[] | null;
  /** Every item of the table. */
  readonly results: readonly ResultsItem[];
  readonly positions: readonly PositionItem[];
  readonly depths: ReadonlyMap<string, number>;
  readonly deadLetters: readonly DeadMessage[];
  readonly ends: readonly ProcessEnd[];
  /** What was told of work that did not come to an end in its time. */
  readonly unfinished: readonly string[];
}

/** What a run is measured by. */
export interface Expectation {
  readonly reference: Reference;
  readonly poison: readonly PoisonLetter[];
  readonly stopDeadlineMs: number;
  /** As they are and percent-encoded. */
  readonly secrets: readonly string[];
}

/** What was broken, one line each; empty when the promise holds. */
export type Invariant = (seen: Observation, expected: Expectation) => readonly string[];

const workEnds: Invariant = ({ unfinished }) => unfinished;

/** Who did it and when: the only fields of a scan that a run may have otherwise than the reference. */
const SCAN_WRITER = [
  "scannerId",
  "leaseUntil",
  "startedAt",
  "publishedAt",
  "completedAt",
  "duration",
] as const;

const everyTaskIsCountedOnce: Invariant = ({ scan }) => {
  if (scan === null) return ["there is no scan"];
  const sets = [scan.completed, scan.noTrades, scan.failed].map((set) => [...(set ?? [])]);
  const counts = [scan.completedTasks, scan.noTradesTasks, scan.failedTasks];
  const problems: string[] = [];
  if (sets.some((set, i) => set.length !== counts[i])) {
    problems.push(
      `the scan counts ${counts.join(", ")} ends but holds ${sets.map((set) => set.length).join(", ")}`,
    );
  }
  const all = sets.flat();
  if (new Set(all).size !== all.length) problems.push("a task of the scan ended in two ways");
  if (all.length !== scan.totalTasks || scan.pendingTasks !== 0) {
    problems.push(
      `${all.length} of ${scan.totalTasks} tasks ended, ${scan.pendingTasks} are said to be pending`,
    );
  }
  return problems;
};

const theScanIsTheReferences: Invariant = ({ scan, universe }, { reference }) => [
  ...differences("scan", without(scan, SCAN_WRITER), without(reference.scan, SCAN_WRITER)),
  ...differences("universe", universe, reference.universe),
];

const RESULT_WRITER = ["analyzerId", "createdAt", "updatedAt"] as const;

/** To the last digit: all but who wrote it, when, and how long it took. */
const figuresAreTheReferences: Invariant = ({ results }, { reference }) => {
  const bySymbol = new Map(results.map((item) => [item.symbol, item]));
  const problems = reference.results.flatMap((item) =>
    differences(`result of ${item.symbol}`, comparable(bySymbol.get(item.symbol)), comparable(item)),
  );
  const known = new Set(reference.results.map(({ symbol }) => symbol));
  for (const { symbol, scanId } of results) {
    // What is dead-lettered for an unknown symbol leaves a failed result, in the scan its message names.
    if (!known.has(symbol) && scanId !== POISON_SCAN)
      problems.push(`a result of ${symbol}, which was not scanned`);
  }
  return problems;
};

function comparable(item: ResultsItem | undefined) {
  if (item === undefined) return undefined;
  const timeframes = Object.entries(item.timeframes).map(([name, { analysisTime: _, ...result }]) => [
    name,
    result,
  ]);
  return { ...without(item, RESULT_WRITER), timeframes: Object.fromEntries(timeframes) };
}

const optimumAgreesWithTimeframes: Invariant = ({ results }) =>
  results.flatMap((item) => {
    const entries = Object.entries(item.timeframes);
    const best = entries
      .filter(([, result]) => result.status === "completed")
      .reduce<number | undefined>(
        (most, [, { totalPnl }]) => Math.max(most ?? totalPnl, totalPnl),
        undefined,
      );
    const problems: string[] = [];
    if (item.optimalPnl !== best) {
      problems.push(`${item.symbol}: the optimum is ${item.optimalPnl}, its timeframes say ${best}`);
    }
    const chosen = item.optimalTimeframe === undefined ? undefined : item.timeframes[item.optimalTimeframe];
    if (item.optimalTimeframe !== undefined && chosen?.totalPnl !== item.optimalPnl) {
      problems.push(
        `${item.symbol}: ${item.optimalTimeframe} is the optimum and has PnL ${chosen?.totalPnl}`,
      );
    }
    if (item.version !== entries.length) {
      problems.push(`${item.symbol}: ${item.version} writes for ${entries.length} timeframes`);
    }
    return problems;
  });

const POSITION_WRITER = ["createdAt", "updatedAt", "signalId"] as const;

/** Each entry that a signal finds on its own is stored, once; where several find one on a candle, one of theirs. */
const signalsYieldTheirPositions: Invariant = ({ positions }, { reference }) => {
  const keyOf = ({ symbol, signalTimestamp }: PositionItem) => `${symbol} at ${signalTimestamp}`;
  const candidates = new Map<string, PositionItem[]>();
  for (const position of reference.positions) {
    candidates.set(keyOf(position), [...(candidates.get(keyOf(position)) ?? []), position]);
  }
  const stored = new Map(positions.map((position) => [keyOf(position), position]));
  const problems: string[] = [];
  for (const [key, wanted] of candidates) {
    const found = stored.get(key);
    if (found === undefined) {
      problems.push(`no position of ${key}`);
      continue;
    }
    const same = wanted.find(
      ({ strategy, timeframe }) => strategy === found.strategy && timeframe === found.timeframe,
    );
    if (same === undefined)
      problems.push(`the position of ${key} is of ${found.timeframe} ${found.strategy}`);
    else {
      problems.push(
        ...differences(`position of ${key}`, without(found, POSITION_WRITER), without(same, POSITION_WRITER)),
      );
    }
  }
  for (const key of stored.keys())
    if (!candidates.has(key)) problems.push(`a position of ${key}, which no signal yields`);
  return problems;
};

const noStaleSignalYieldsAPosition: Invariant = ({ positions }) =>
  positions
    .filter(({ signalId }) => signalId.endsWith(`:${STALE_MINUTE}`))
    .map(({ signalId }) => `the stale signal ${signalId} has a position`);

/** As often as it was put there, for a duplicate of poison is poison. */
const deadLettersAreThePoison: Invariant = ({ deadLetters }, { poison }) => {
  const problems: string[] = [];
  for (const { queue, messageId, reason, toDo } of poison) {
    const letters = deadLetters.filter(
      (dead) => dead.queue === `${queue}.dead` && dead.messageId === messageId,
    );
    if (letters.length === 0) problems.push(`${messageId} is not among the dead letters of ${queue}`);
    for (const letter of letters) {
      if (!reason.test(letter.reason)) problems.push(`${messageId} is dead for: ${letter.reason}`);
      if (!toDo.test(letter.toDo)) problems.push(`what to do about ${messageId}: ${letter.toDo}`);
    }
  }
  for (const { queue, messageId, reason, body } of deadLetters) {
    const known = poison.find((letter) => `${letter.queue}.dead` === queue && letter.messageId === messageId);
    if (known === undefined) problems.push(`${messageId} is in ${queue}, for: ${reason}`);
    else if (!known.body.equals(body)) problems.push(`the dead letter ${messageId} is not what was sent`);
  }
  return problems;
};

const queuesEndEmpty: Invariant = ({ depths }) => {
  const dead = new Set(QUEUES.map(({ deadLetterName }) => deadLetterName));
  return [...depths]
    .filter(([name, count]) => count > 0 && !dead.has(name))
    .map(([name, count]) => `${count} messages are left in ${name}`);
};

const CRASH =
  /unexpected failure|UnhandledPromiseRejection|uncaughtException|Node\.js v\d+\.\d+\.\d+\n|FATAL ERROR/;

/** Only what was killed is killed, and what ends by itself ends well, or says why not. */
const nobodyDiesByAccident: Invariant = ({ ends }) =>
  ends.flatMap(({ worker, end, sent, output }) => {
    const crashed = CRASH.exec(output)?.[0];
    if (crashed !== undefined) return [`${worker} crashed: ${JSON.stringify(crashed.trim())}`];
    if (sent === "SIGKILL" && end === "SIGKILL") return [];
    // Before it has said a word nobody listens for the signal yet, and it has nothing in hand.
    if (sent === "SIGTERM" && end === "SIGTERM" && output === "") return [];
    if (end === 0 && (sent === "SIGTERM" || /^(scanner|selector)/.test(worker))) return [];
    // A task that gave up on a world that stayed away too long says so, and its next run does the work.
    const gaveUp =
      /^(scanner|selector)/.test(worker) && end === 1 && /"reason":.*"service failed"/.test(output);
    return gaveUp ? [] : [`${worker} ended with ${end}${sent === null ? "" : ` after ${sent}`}`];
  });

const stopsInTime: Invariant = ({ ends }, { stopDeadlineMs }) =>
  ends
    .filter(({ stopMs, sent }) => sent === "SIGTERM" && stopMs !== null && stopMs > stopDeadlineMs)
    .map(({ worker, stopMs }) => `${worker} took ${Math.round(stopMs ?? 0)} ms to stop`);

const noSecretIsTold: Invariant = ({ ends, deadLetters }, { secrets }) => [
  ...ends.flatMap(({ worker, output }) =>
    told(output, secrets).map((secret) => `${worker} logged ${secret}`),
  ),
  ...deadLetters.flatMap(({ messageId, headers }) =>
    told(JSON.stringify(headers), secrets).map((secret) => `the dead letter ${messageId} carries ${secret}`),
  ),
];

/** The secrets in a text; only the number of each, for this is printed. */
function told(text: string, secrets: readonly string[]): string[] {
  return secrets.flatMap((secret, i) => (text.includes(secret) ? [`secret ${i + 1}`] : []));
}

export const INVARIANTS = {
  "the work comes to an end": workEnds,
  "every task of the scan is counted once": everyTaskIsCountedOnce,
  "the scan is that of a run without faults": theScanIsTheReferences,
  "figures are those of a run without faults": figuresAreTheReferences,
  "optimum and counts agree with the timeframes": optimumAgreesWithTimeframes,
  "every valid signal yields its position once": signalsYieldTheirPositions,
  "no stale signal yields a position": noStaleSignalYieldsAPosition,
  "dead letters are the poison": deadLettersAreThePoison,
  "queues end empty": queuesEndEmpty,
  "nobody dies by accident": nobodyDiesByAccident,
  "SIGTERM ends in time": stopsInTime,
  "no secret is told": noSecretIsTold,
} as const satisfies Readonly<Record<string, Invariant>>;

export type InvariantName = keyof typeof INVARIANTS;

export interface Violation {
  readonly invariant: InvariantName;
  readonly what: string;
}

export function violations(seen: Observation, expected: Expectation): Violation[] {
  // The keys of a constant object are exactly its names.
  const names = Object.keys(INVARIANTS) as InvariantName[];
  return names.flatMap((invariant) =>
    INVARIANTS[invariant](seen, expected).map((what) => ({ invariant, what })),
  );
}

function without<T extends object>(value: T | null, names: readonly (keyof T)[]): Partial<T> | null {
  if (value === null) return null;
  return Object.fromEntries(
    Object.entries(value).filter(([name]) => !names.some((left) => left === name)),
  ) as Partial<T>; // A selection of its own entries.
}

/** Where two values differ, by path. */
function differences(what: string, seen: unknown, wanted: unknown): string[] {
  if (isDeepStrictEqual(seen, wanted)) return [];
  if (!isPlain(seen) || !isPlain(wanted)) return [`${what}: ${shown(seen)} instead of ${shown(wanted)}`];
  const names = new Set([...Object.keys(seen), ...Object.keys(wanted)]);
  return [...names].flatMap((name) => differences(`${what}, ${name}`, seen[name], wanted[name]));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !(value instanceof Set);
}

function shown(value: unknown): string {
  const text = value instanceof Set ? `{${[...value].sort().join(", ")}}` : JSON.stringify(value);
  return text === undefined ? "nothing" : text.length > 200 ? `${text.slice(0, 200)}...` : text;
}
