import type * as ecs from "aws-cdk-lib/aws-ecs";
import { Duration } from "aws-cdk-lib/core";
import type { Construct } from "constructs";
import type { ServiceSettings } from "#infra/config/service-settings.ts";
import type { Settings } from "#infra/config/settings.ts";
import type { Variables } from "#infra/config/variables.ts";
import type { Broker } from "#infra/constructs/data/broker.ts";
import type { Tables } from "#infra/constructs/data/tables.ts";
import type { Network } from "#infra/constructs/network/network.ts";
import { QueueScaling } from "#infra/constructs/service/queue-scaling.ts";
import { ServiceTask } from "#infra/constructs/service/service-task.ts";
import { TaskSchedule } from "#infra/constructs/service/task-schedule.ts";
import { WorkerService } from "#infra/constructs/service/worker-service.ts";
import { brokerHealthCheck } from "#infra/health-check.ts";
import type { Images } from "#infra/images.ts";
import { type ServiceManifest, usesBroker } from "#services/shared/manifest.ts";

/** What all services share. */
export interface Surroundings {
  readonly cluster: ecs.Cluster;
  readonly capacity: ecs.CfnClusterCapacityProviderAssociations;
  readonly network: Network;
  readonly images: Images;
  readonly tables: Tables;
  readonly broker: Broker;
  readonly spot: Settings["spot"];
  readonly logRetentionDays: number;
}

/** A service with its task; `service` is null for one that a schedule starts. */
export interface DeployedService {
  readonly task: ServiceTask;
  readonly service: ecs.FargateService | null;
}

/** The start of the ids of a service's constructs: a logical id that changes replaces the resource. */
const idOf = ({ name }: ServiceManifest) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

/** The task of a service, with what its manifest says that it uses. */
export function makeTask(
  scope: Construct,
  manifest: ServiceManifest,
  around: Surroundings,
  settings: ServiceSettings,
  variables: Variables,
): ServiceTask {
  const { run } = manifest;
  const period: Variables =
    run.kind === "schedule" && settings.mode === "service"
      ? { RUN_EVERY_SECONDS: String(run.everyMinutes * 60) }
      : {};
  const task = new ServiceTask(scope, idOf(manifest), {
    manifest,
    cluster: around.cluster,
    logRetentionDays: around.logRetentionDays,
    image: around.images.of(manifest),
    cpu: settings.cpu,
    memoryMiB: settings.memoryMiB,
    variables: { ...period, ...variables },
    ...(manifest.healthCheck === "broker" ? { healthCheck: brokerHealthCheck() } : {}),
  });
  if (usesBroker(manifest)) task.useBroker(around.broker);
  for (const { table, ...use } of manifest.tables) task.useTable(around.tables.of(table), use);
  if (manifest.scaleInProtection) task.allowScaleInProtection();
  return task;
}

/** Runs the task as its manifest says: scaled by its queue, on a schedule, or as the only one. */
export function runTask(
  scope: Construct,
  manifest: ServiceManifest,
  around: Surroundings,
  settings: ServiceSettings,
  task: ServiceTask,
): DeployedService {
  const { run } = manifest;
  const { cluster, capacity, network } = around;
  const spots: readonly Settings["spot"][] = manifest.spot;
  const place = { cluster, capacity, network, task, spot: spots.includes(around.spot) };
  if (run.kind === "schedule" && settings.mode === "schedule") {
    new TaskSchedule(scope, `${idOf(manifest)}Schedule`, {
      ...place,
      every: Duration.minutes(run.everyMinutes),
      giveUpAfter: Duration.minutes(run.giveUpAfterMinutes),
    });
    return { task, service: null };
  }
  const single = run.kind !== "worker";
  const { service } = new WorkerService(scope, `${idOf(manifest)}Service`, { ...place, single });
  if (run.kind === "worker") {
    new QueueScaling(scope, `${idOf(manifest)}Scaling`, {
      cluster,
      service,
      queueName: run.scaledBy.name,
      minTasks: settings.minTasks,
      maxTasks: settings.maxTasks,
      messagesPerTask: settings.messagesPerTask,
      oldestMessageAgeSeconds: run.addTaskAtAgeSeconds,
    });
  }
  return { task, service };
}
