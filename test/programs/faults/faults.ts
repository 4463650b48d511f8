import type { FaultKind } from "#libs/simulator/faults.ts";
import type { PoisonKind, StaleKind } from "./messages.ts";

/** The places in which a worker runs; one that dies is replaced, and the new one has the same name. */
export const ANALYZERS = ["analyzer-1", "analyzer-2", "analyzer-3"] as const;
export const FINDERS = ["finder-1", "finder-2"] as const;
export const SCANNERS = ["scanner-1", "scanner-2"] as const;
export const SELECTORS = ["selector-1", "selector-2"] as const;
export type WorkerName = (typeof ANALYZERS | typeof FINDERS | typeof SCANNERS | typeof SELECTORS)[number];

/** A scan with its backtests, then a selection with its search for entries. */
export const PHASES = ["scan", "search"] as const;
export type Phase = (typeof PHASES)[number];

/** What a database request meets instead of its answer. */
export const DATABASE_TROUBLES = [
  "throttled",
  "500",
  "503",
  "answer lost",
  "answer late",
  "answer stops midway",
  "no answer",
] as const;
export type DatabaseTrouble = (typeof DATABASE_TROUBLES)[number];

/**
 * A fault strikes when the phase has come to a certain request (to the database and the exchange, by all workers),
 * so that it strikes the same work on a slow machine and on a fast one. It lasts for milliseconds.
 */
export type Fault =
  /** SIGKILL; the second one at the worker's own nth database request: before it is sent, or once it is carried out. */
  | { readonly kind: "kill"; readonly worker: WorkerName; readonly at: number }
  | {
      readonly kind: "kill at request";
      readonly worker: WorkerName;
      readonly request: number;
      readonly carriedOut: boolean;
    }
  | { readonly kind: "terminate"; readonly worker: WorkerName; readonly at: number }
  /** SIGSTOP, and SIGCONT when the broker has long given its work to another. */
  | { readonly kind: "hang"; readonly worker: WorkerName; readonly at: number; readonly forMs: number }
  /** The worker's clock, as long as it lives. */
  | { readonly kind: "clock"; readonly worker: WorkerName; readonly offBySeconds: number }
  | { readonly kind: "broker restart"; readonly at: number; readonly downMs: number }
  /** Every connection of the worker is reset, and new ones are refused for a while. */
  | { readonly kind: "cut"; readonly worker: WorkerName; readonly at: number; readonly refusedMs: number }
  /** Its connections stay open and carry nothing. */
  | { readonly kind: "half-open"; readonly worker: WorkerName; readonly at: number; readonly forMs: number }
  /** Waiting messages are taken out and put back twice each, in another order. */
  | { readonly kind: "duplicates"; readonly at: number; readonly messages: number }
  /** The given share of the requests between two of their numbers. */
  | {
      readonly kind: "database";
      readonly trouble: DatabaseTrouble;
      readonly fromRequest: number;
      readonly requests: number;
      readonly share: number;
    }
  /** Nothing but failures for so long: longer than the SDK tries, so that messages are parked. */
  | {
      readonly kind: "database outage";
      readonly trouble: DatabaseTrouble;
      readonly at: number;
      readonly forMs: number;
    }
  | {
      readonly kind: "exchange";
      readonly trouble: FaultKind;
      readonly after: number;
      readonly times: number;
      readonly delayMs: number;
    }
  /** The parking queues take one message at most, and the database is away, so that more are to be parked. */
  | { readonly kind: "full parking"; readonly at: number; readonly forMs: number }
  | { readonly kind: "poison"; readonly what: PoisonKind }
  | { readonly kind: "stale"; readonly what: StaleKind };

export interface Schedule {
  readonly seed: number;
  readonly scan: readonly Fault[];
  readonly search: readonly Fault[];
}

/** One line a fault, for people. */
function describeFault(fault: Fault): string {
  const at = (request: number) => `at request ${request}`;
  const long = (ms: number) => `for ${(ms / 1_000).toFixed(1)} s`;
  switch (fault.kind) {
    case "kill":
      return `SIGKILL ${fault.worker} ${at(fault.at)}`;
    case "kill at request":
      return `SIGKILL ${fault.worker} ${fault.carriedOut ? "after" : "before"} its database request ${fault.request} is carried out`;
    case "terminate":
      return `SIGTERM ${fault.worker} ${at(fault.at)}`;
    case "hang":
      return `SIGSTOP ${fault.worker} ${at(fault.at)} ${long(fault.forMs)}, then SIGCONT`;
    case "clock":
      return `the clock of ${fault.worker} is off by ${fault.offBySeconds} s`;
    case "broker restart":
      return `RabbitMQ is killed ${at(fault.at)} and started after ${(fault.downMs / 1_000).toFixed(1)} s`;
    case "cut":
      return `the broker connections of ${fault.worker} are reset ${at(fault.at)}, new ones refused ${long(fault.refusedMs)}`;
    case "half-open":
      return `the broker connections of ${fault.worker} carry nothing ${at(fault.at)} ${long(fault.forMs)}`;
    case "duplicates":
      return `up to ${fault.messages} waiting messages are put back twice and shuffled ${at(fault.at)}`;
    case "database":
      return `database: ${fault.trouble} for ${Math.round(fault.share * 100)} % of requests ${fault.fromRequest} to ${fault.fromRequest + fault.requests - 1}`;
    case "database outage":
      return `database: ${fault.trouble} for all ${at(fault.at)} ${long(fault.forMs)}`;
    case "exchange":
      return `exchange: ${fault.trouble} ${fault.times} times after ${fault.after} requests${fault.delayMs > 0 ? ` (${fault.delayMs} ms)` : ""}`;
    case "full parking":
      return `the parking queues are full, and the database away, ${at(fault.at)} ${long(fault.forMs)}`;
    case "poison":
      return `poison: ${fault.what}`;
    case "stale":
      return `stale signal: ${fault.what}`;
  }
}

/** The whole schedule as text. */
export function describeSchedule(schedule: Schedule): string {
  const lines = PHASES.flatMap((phase) => [
    `  ${phase}:`,
    ...schedule[phase].map((f) => `    ${describeFault(f)}`),
  ]);
  return [`schedule of seed ${schedule.seed}`, ...lines].join("\n");
}
