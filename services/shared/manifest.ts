import type { Environment } from "#libs/config/environment.ts";
import type { SettingName } from "#libs/config/settings.ts";
import type { QueueDefinition } from "#libs/contracts/queues.ts";
import type { TableDefinition } from "#libs/contracts/tables.ts";

/** What a service does with a table: the names of DynamoDB's actions, without the prefix. */
export interface TableUse {
  readonly table: TableDefinition;
  /** The variable from which the service reads the table's name. */
  readonly variable: Extract<SettingName, `${string}_TABLE`>;
  readonly actions: readonly ("GetItem" | "PutItem" | "UpdateItem" | "Query" | "BatchGetItem")[];
  /** Indexes to query, by name; the grant covers these and no others. */
  readonly indexes?: readonly string[];
}

type AnyQueue = Pick<QueueDefinition<never>, "name" | "deadLetterName">;

export interface QueueUse {
  readonly queue: AnyQueue;
  /** An alarm rings when a message has waited this long for five minutes in a row. */
  readonly overdueSeconds: number;
}

/** Consumers of a queue, as many as the queue is deep. */
export interface WorkerRun {
  readonly kind: "worker";
  /** One of the queues that the service consumes. */
  readonly scaledBy: AnyQueue;
  readonly minTasks: number;
  readonly maxTasks: number;
  /** One more task for this many waiting messages. */
  readonly messagesPerTask: number;
  /** A message that has waited this long adds a task, whatever the depth is. */
  readonly addTaskAtAgeSeconds: number;
  /** For the cost estimate: tasks above the minimum, summed up over an hour, in task minutes. */
  readonly burstTaskMinutesPerHour: number;
}

/** A task that a schedule starts, which does its work once and exits. */
export interface ScheduledRun {
  readonly kind: "schedule";
  readonly everyMinutes: number;
  /** After this, a start that failed is not retried: the next one is due. */
  readonly giveUpAfterMinutes: number;
  /**
   * True: the deployment setting `<name>Mode=service` replaces the schedule by one task that stays and runs
   * every `everyMinutes` by its own clock.
   */
  readonly mayStay: boolean;
  /** For the cost estimate: a task is billed from the pull of its image to its end, for a minute at least. */
  readonly billedMinutesPerRun: number;
}

/** One task that stays, and never two, not even while a new version is rolled out. */
export interface SingleRun {
  readonly kind: "single";
}

export type Run = WorkerRun | ScheduledRun | SingleRun;

/**
 * What a service needs in order to run, as data: infrastructure, images, cost estimate, compose file, local set-up
 * and tests read it from here and nowhere else. `services/manifests.ts` lists all manifests.
 */
export interface ServiceManifest {
  /** The folder in services/, and the name in everything that is deployed. One lower-case word. */
  readonly name: string;
  /** The environment variables that the service reads. */
  readonly settings: readonly SettingName[];
  /**
   * Parses the variables with all rules of the service.
   * @throws ConfigurationError naming every wrong variable.
   */
  readonly config: (environment: Environment) => unknown;
  readonly tables: readonly TableUse[];
  readonly publishes: readonly AnyQueue[];
  readonly consumes: readonly QueueUse[];
  readonly run: Run;
  /** Fargate CPU units (1024 are one vCPU) and MiB; the deployment settings `<name>Cpu`, `<name>MemoryMiB` win. */
  readonly size: { readonly cpu: number; readonly memoryMiB: number };
  /** ECS replaces a task that has lost the broker for five minutes; null: the end of the process says enough. */
  readonly healthCheck: "broker" | null;
  /** The values of the deployment setting `spot` with which the service runs on Fargate Spot. */
  readonly spot: readonly ("analyzers" | "all")[];
  /** Whether a task protects itself from scale-in while it works on a message. */
  readonly scaleInProtection: boolean;
  /** Between SIGTERM and SIGKILL; Fargate allows 120. */
  readonly stopTimeoutSeconds: number;
  readonly alarms: {
    /** Log lines of level error or fatal in five minutes. */
    readonly errors: number;
    /** Minutes without any log line; null: silence is normal. */
    readonly silentMinutes: number | null;
  };
  /** `own`: Dockerfile.<name> at the top level; `shared`: infra/images/Dockerfile with the service as an argument. */
  readonly image: "own" | "shared";
  /** What docker-compose.yml has of the service beyond what follows from the rest. */
  readonly compose: {
    readonly memory: string;
    /** Variables that the file sets to a fixed value; all others come from the environment of `docker compose`. */
    readonly environment: Readonly<Partial<Record<SettingName, string>>>;
    /** Compose services beside broker, tables and market that must be ready first. */
    readonly dependsOn: readonly string[];
  };
}

/** Whether the service calls the exchange, and so counts against the exchange's limit. */
export function callsExchange({ settings }: ServiceManifest): boolean {
  return settings.includes("BYBIT_REQUESTS_PER_SECOND");
}

/** Whether the service connects to the broker. */
export function usesBroker({ settings }: ServiceManifest): boolean {
  return settings.includes("RABBITMQ_HOST");
}
