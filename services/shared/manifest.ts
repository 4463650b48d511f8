import type { Environment } from "#libs/config/environment.ts";
import type { SettingName } from "#libs/config/settings.ts";
import type { QueueDefinition } from "#libs/contracts/queues.ts";
import type { TableDefinition } from "#libs/contracts/tables.ts";

/** A service's access to a table: the names of DynamoDB's actions, without the prefix. */
export interface TableUse {
  readonly table: TableDefinition;
  /** The variable from which the service reads the table's name. */
  readonly variable: Extract<SettingName, `${string}_TABLE`>;
  readonly actions: readonly ("GetItem" | "PutItem" | "UpdateItem" | "Query" | "BatchGetItem")[];
  /** The names of the indexes to query; the grant covers only these. */
  readonly indexes?: readonly string[];
}

type AnyQueue = Pick<QueueDefinition<never>, "name" | "deadLetterName">;

export interface QueueUse {
  readonly queue: AnyQueue;
  /** An alarm is raised when the oldest message has waited this long for five consecutive minutes. */
  readonly overdueSeconds: number;
}

/** Consumers of a queue, scaled by its depth. */
export interface WorkerRun {
  readonly kind: "worker";
  /** One of the queues that the service consumes. */
  readonly scaledBy: AnyQueue;
  readonly minTasks: number;
  readonly maxTasks: number;
  /** One more task for this many waiting messages. */
  readonly messagesPerTask: number;
  /** A message that has waited this long adds a task regardless of the depth. */
  readonly addTaskAtAgeSeconds: number;
  /** For the cost estimate: task minutes per hour above the minimum. */
  readonly burstTaskMinutesPerHour: number;
}

/** A task that a schedule starts, which runs once and exits. */
export interface ScheduledRun {
  readonly kind: "schedule";
  readonly everyMinutes: number;
  /** After this, a start that failed is not retried: the next one is due. */
  readonly giveUpAfterMinutes: number;
  /**
   * True: the deployment setting `<name>Mode=service` replaces the schedule by one long-running task that runs every
   * `everyMinutes` by its own clock.
   */
  readonly mayStay: boolean;
  /** For the cost estimate: a task is billed from the pull of its image to its end, at least one minute. */
  readonly billedMinutesPerRun: number;
}

/** One long-running task, and never two, not even during a deployment. */
export interface SingleRun {
  readonly kind: "single";
}

export type Run = WorkerRun | ScheduledRun | SingleRun;

/**
 * What a service needs in order to run, as data. Infrastructure, images, cost estimate, compose file, local set-up and
 * tests read it only from here. `services/manifests.ts` lists all manifests.
 */
export interface ServiceManifest {
  /** The folder in services/, and the name in everything that is deployed. One lower-case word. */
  readonly name: string;
  /** The environment variables that the service reads. */
  readonly settings: readonly SettingName[];
  /**
   * Parses the variables with all rules of the service.
   * @throws ConfigurationError naming every invalid variable.
   */
  readonly config: (environment: Environment) => unknown;
  readonly tables: readonly TableUse[];
  readonly publishes: readonly AnyQueue[];
  readonly consumes: readonly QueueUse[];
  readonly run: Run;
  /** Fargate CPU units (1024 are one vCPU) and MiB; the deployment settings `<name>Cpu`, `<name>MemoryMiB` win. */
  readonly size: { readonly cpu: number; readonly memoryMiB: number };
  /** ECS replaces a task that has lost the broker for five minutes; null: a failed process exits by itself. */
  readonly healthCheck: "broker" | null;
  /** The values of the deployment setting `spot` with which the service runs on Fargate Spot. */
  readonly spot: readonly ("analyzers" | "all")[];
  /** Whether a task enables its scale-in protection while it processes a message. */
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
  /** The service's entries in docker-compose.yml that do not follow from the rest. */
  readonly compose: {
    readonly memory: string;
    /** Variables that the file sets to a fixed value; all others come from the environment of `docker compose`. */
    readonly environment: Readonly<Partial<Record<SettingName, string>>>;
    /** Compose services beside broker, tables and market that must be ready first. */
    readonly dependsOn: readonly string[];
  };
}

/** Whether the service calls the exchange and counts against its rate limit. */
export function callsExchange({ settings }: ServiceManifest): boolean {
  return settings.includes("BYBIT_REQUESTS_PER_SECOND");
}

/** Whether the service connects to the broker. */
export function usesBroker({ settings }: ServiceManifest): boolean {
  return settings.includes("RABBITMQ_HOST");
}
