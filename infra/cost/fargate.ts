import type { CloudFormationTemplate } from "#infra/emulator/reduce-template.ts";
import { PREFIX } from "#libs/contracts/names.ts";
import type { ServiceManifest } from "#services/shared/manifest.ts";
import type { CostLine } from "./cost-line.ts";
import type { Prices } from "./prices.ts";
import { type Properties, resourcesOf } from "./resources.ts";

const MINUTES_PER_HOUR = 60;

interface Task {
  readonly family: string;
  readonly manifest: ServiceManifest;
  readonly vcpu: number;
  readonly gigabytes: number;
  readonly size: string;
}

export interface FargateCost {
  readonly lines: readonly CostLine[];
  /** Hours a month in which a task has a public address. */
  readonly publicHours: number;
}

/** What the tasks cost: of each service and schedule of the template, as its manifest says how much it works. */
export function fargateCost(
  template: CloudFormationTemplate,
  prices: Prices,
  manifests: readonly ServiceManifest[],
): FargateCost {
  const tasks = tasksOf(template, manifests);
  const taskAt = (reference: unknown) => {
    const task = tasks.get(String((reference as { Ref?: unknown } | undefined)?.Ref));
    if (task === undefined) throw new Error(`no task definition for ${JSON.stringify(reference)}`);
    return task;
  };
  const costs = [
    ...resourcesOf(template, "AWS::ECS::Service").map(([id, service]) =>
      staying(taskAt(service.TaskDefinition), service, minimumOf(template, id), prices),
    ),
    ...resourcesOf(template, "AWS::Scheduler::Schedule").map(([, schedule]) => {
      const target = schedule.Target as { EcsParameters?: Properties } | undefined;
      const place = target?.EcsParameters ?? {};
      return scheduled(taskAt(place.TaskDefinitionArn), place, String(schedule.ScheduleExpression), prices);
    }),
  ];
  return {
    lines: costs.map(({ line }) => line),
    publicHours: costs.reduce((sum, cost) => sum + cost.publicHours, 0),
  };
}

function staying({ manifest, ...task }: Task, service: Properties, least: number, prices: Prices) {
  const { run } = manifest;
  const burstMinutes = run.kind === "worker" ? run.burstTaskMinutesPerHour : 0;
  const burstHours = (burstMinutes / MINUTES_PER_HOUR) * prices.hoursPerMonth;
  const bursts = burstHours > 0 ? `, and ${Math.round(burstHours)} hours of bursts` : "";
  const spot = runsOnSpot(service) ? ", Spot" : "";
  const how = `${least} task of ${task.size}${spot}${bursts}`;
  return cost(task, service, how, least * prices.hoursPerMonth + burstHours, prices);
}

function scheduled({ manifest, ...task }: Task, place: Properties, expression: string, prices: Prices) {
  const { run } = manifest;
  if (run.kind !== "schedule")
    throw new Error(`the ${manifest.name} has a schedule in the template but not in its manifest`);
  const minutes = run.billedMinutesPerRun;
  const how = `${expression}, ${minutes} min of ${task.size}${runsOnSpot(place) ? ", Spot" : ""}`;
  const hours = ((runsPerHour(expression) * minutes) / MINUTES_PER_HOUR) * prices.hoursPerMonth;
  return cost(task, place, how, hours, prices);
}

function cost(
  task: Omit<Task, "manifest">,
  place: Properties,
  how: string,
  hours: number,
  prices: Prices,
): { readonly line: CostLine; readonly publicHours: number } {
  const hourly = task.vcpu * prices.fargateArmVcpuHour + task.gigabytes * prices.fargateArmGbHour;
  const usd = hours * hourly * (runsOnSpot(place) ? prices.fargateSpotShare : 1);
  return { line: { part: `Fargate ${task.family}`, how, usd }, publicHours: isPublic(place) ? hours : 0 };
}

/** The task definitions by their id in the template, each with the manifest of its service. */
function tasksOf(
  template: CloudFormationTemplate,
  manifests: readonly ServiceManifest[],
): ReadonlyMap<string, Task> {
  const byFamily = new Map(manifests.map((manifest) => [`${PREFIX}-${manifest.name}`, manifest]));
  return new Map(
    resourcesOf(template, "AWS::ECS::TaskDefinition").map(([id, properties]) => {
      const family = String(properties.Family);
      const manifest = byFamily.get(family);
      if (manifest === undefined) throw new Error(`no manifest for the task definition ${family}`);
      const vcpu = Number(properties.Cpu) / 1024;
      const gigabytes = Number(properties.Memory) / 1024;
      return [id, { family, manifest, vcpu, gigabytes, size: `${vcpu} vCPU, ${gigabytes} GB` }];
    }),
  );
}

/** The least number of tasks of a service: the minimum of the scaling that names it, or one. */
function minimumOf(template: CloudFormationTemplate, serviceId: string): number {
  const target = resourcesOf(template, "AWS::ApplicationAutoScaling::ScalableTarget").find(([, properties]) =>
    JSON.stringify(properties.ResourceId).includes(`"${serviceId}"`),
  );
  return target === undefined ? 1 : Number(target[1].MinCapacity);
}

function runsPerHour(expression: string): number {
  const [, count = "", unit = ""] = /^rate\((\d+) (minute|hour)s?\)$/.exec(expression) ?? [];
  if (count === "") throw new Error(`expected a rate expression, not ${expression}`);
  return (unit === "hour" ? 1 : MINUTES_PER_HOUR) / Number(count);
}

function runsOnSpot(place: Properties): boolean {
  return JSON.stringify(place.CapacityProviderStrategy ?? "").includes("FARGATE_SPOT");
}

function isPublic(place: Properties): boolean {
  return JSON.stringify(place.NetworkConfiguration ?? "").includes('"ENABLED"');
}
