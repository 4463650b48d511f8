import type { CloudFormationTemplate } from "#infra/emulator/reduce-template.ts";
import { QUEUE_METRICS } from "#libs/contracts/metrics.ts";
import { QUEUES } from "#libs/contracts/queues.ts";
import type { Prices } from "./prices.ts";
import type { Usage } from "./usage.ts";

export interface CostLine {
  readonly part: string;
  /** How the sum comes about. */
  readonly how: string;
  /** US dollars a month. */
  readonly usd: number;
}

type Properties = Readonly<Record<string, unknown>>;

/**
 * Metrics that a cluster, a task family and a service report to Container Insights, by an example of CloudWatch's
 * price page that was not looked up again; AWS changes what it reports.
 */
const INSIGHTS_METRICS = { cluster: 8, task: 6, service: 11 } as const;

const GB = 1e9;
const MINUTES_PER_HOUR = 60;

/**
 * What the stack costs in a month: the template says what there is, the usage how much it works, the prices what
 * that costs. Free tiers that end after a year are not counted.
 */
export function estimate(
  template: CloudFormationTemplate,
  prices: Prices,
  usage: Usage,
): readonly CostLine[] {
  const hours = prices.hoursPerMonth;
  const of = (type: string): Properties[] =>
    Object.values(template.Resources)
      .filter((resource) => resource.Type === type)
      .map((resource) => ("Properties" in resource ? (resource.Properties as Properties) : {}));
  const lines: CostLine[] = [];
  const add = (part: string, how: string, usd: number) => lines.push({ part, how, usd });

  const tasks = new Map(
    Object.entries(template.Resources)
      .filter(([, resource]) => resource.Type === "AWS::ECS::TaskDefinition")
      .map(([id, resource]) => [
        id,
        taskOf(("Properties" in resource ? resource.Properties : {}) as Properties),
      ]),
  );
  const taskOfReference = (reference: unknown) => {
    const task = tasks.get(String((reference as { Ref?: unknown } | undefined)?.Ref));
    if (task === undefined) throw new Error(`no task definition for ${JSON.stringify(reference)}`);
    return task;
  };
  const hourly = (task: Task) =>
    task.vcpu * prices.fargateArmVcpuHour + task.gigabytes * prices.fargateArmGbHour;

  for (const broker of of("AWS::AmazonMQ::Broker")) {
    const type = String(broker.HostInstanceType);
    const hour = prices.brokerHour[type];
    if (hour === undefined) throw new Error(`no price for a broker of type ${type}`);
    const storage = (usage.brokerStoredBytes / GB) * prices.brokerStorageGbMonth;
    add(
      "Amazon MQ broker",
      `${type}, one instance, ${usage.brokerStoredBytes / GB} GB`,
      hour * hours + storage,
    );
  }

  let publicHours = 0;
  for (const service of of("AWS::ECS::Service")) {
    const task = taskOfReference(service.TaskDefinition);
    const spot = JSON.stringify(service.CapacityProviderStrategy ?? "").includes("FARGATE_SPOT");
    const share = spot ? prices.fargateSpotShare : 1;
    const least = minimumOf(template, task.family);
    const burstHours = task.family.endsWith("-analyzer")
      ? (usage.burstAnalyzerMinutesPerHour / MINUTES_PER_HOUR) * hours
      : 0;
    const taskHours = least * hours + burstHours;
    publicHours += isPublic(service) ? taskHours : 0;
    add(
      `Fargate ${task.family}`,
      `${least} task of ${task.size}${spot ? ", Spot" : ""}${burstHours > 0 ? `, and ${Math.round(burstHours)} hours of bursts` : ""}`,
      taskHours * hourly(task) * share,
    );
  }
  for (const schedule of of("AWS::Scheduler::Schedule")) {
    const target = schedule.Target as { EcsParameters?: Properties } | undefined;
    const task = taskOfReference(target?.EcsParameters?.TaskDefinitionArn);
    const runs = runsPerHour(String(schedule.ScheduleExpression));
    const minutes = task.family.endsWith("-scanner")
      ? usage.scannerMinutesPerRun
      : usage.selectorMinutesPerRun;
    const spot = JSON.stringify(target?.EcsParameters?.CapacityProviderStrategy ?? "").includes(
      "FARGATE_SPOT",
    );
    const taskHours = ((runs * minutes) / MINUTES_PER_HOUR) * hours;
    publicHours += isPublic(target?.EcsParameters) ? taskHours : 0;
    add(
      `Fargate ${task.family}`,
      `${schedule.ScheduleExpression}, ${minutes} min of ${task.size}${spot ? ", Spot" : ""}`,
      taskHours * hourly(task) * (spot ? prices.fargateSpotShare : 1),
    );
  }
  if (publicHours > 0) {
    add(
      "Public IPv4 addresses",
      `${Math.round(publicHours)} task hours`,
      publicHours * prices.publicIpv4Hour,
    );
  }
  const gateways = of("AWS::EC2::NatGateway").length;
  if (gateways > 0) {
    const inboundGb = (usage.inboundBytesPerHour * hours) / GB;
    add(
      "NAT gateway",
      `${gateways}, ${Math.round(inboundGb)} GB, its address`,
      gateways * hours * (prices.natGatewayHour + prices.publicIpv4Hour) + inboundGb * prices.natGatewayGb,
    );
  }

  const insights = JSON.stringify(of("AWS::ECS::Cluster")).includes('"Value":"enabled"');
  if (insights) {
    const metrics =
      INSIGHTS_METRICS.cluster +
      INSIGHTS_METRICS.task * tasks.size +
      INSIGHTS_METRICS.service * of("AWS::ECS::Service").length;
    add("Container Insights", `${metrics} metrics`, metrics * prices.customMetricMonth);
  }
  const ownMetrics = QUEUES.length * QUEUE_METRICS.length + 1;
  add("Queue metrics", `${ownMetrics} metrics`, ownMetrics * prices.customMetricMonth);
  add(
    "Fault metrics",
    `${usage.faultMetricHours} hours with faults to count`,
    (usage.faultMetricHours / hours) * prices.customMetricMonth,
  );
  const alarms = of("AWS::CloudWatch::Alarm");
  const alarmMetrics = alarms.reduce((sum, alarm) => sum + metricsOf(alarm), 0);
  add("Alarms", `${alarms.length} alarms`, alarmMetrics * prices.alarmMetricMonth);
  const paidDashboards = Math.max(0, of("AWS::CloudWatch::Dashboard").length - prices.freeDashboards);
  if (paidDashboards > 0) add("Dashboards", `${paidDashboards}`, paidDashboards * prices.dashboardMonth);
  const logGb = (usage.logBytesPerMinute * MINUTES_PER_HOUR * hours) / GB;
  add("Logs", `${logGb.toFixed(1)} GB`, logGb * prices.logIngestGb + logGb * 0.15 * prices.logStoredGbMonth);

  const writes = (usage.dynamoWriteUnitsPerHour * hours) / 1e6;
  const reads = (usage.dynamoReadUnitsPerMinute * MINUTES_PER_HOUR * hours) / 1e6;
  const storedGb = usage.dynamoStoredBytes / GB;
  add(
    "DynamoDB",
    `${of("AWS::DynamoDB::Table").length} tables, ${writes.toFixed(1)} M write and ${reads.toFixed(1)} M read units`,
    writes * prices.dynamoWriteMillion +
      reads * prices.dynamoReadMillion +
      storedGb * (prices.dynamoStoredGbMonth + prices.dynamoBackupGbMonth),
  );
  const secrets = of("AWS::SecretsManager::Secret").length;
  const imageGb = usage.imageBytes / GB;
  add(
    "Secret, image store",
    `${secrets} secret, ${imageGb.toFixed(1)} GB`,
    secrets * prices.secretMonth + imageGb * prices.registryGbMonth,
  );
  return lines;
}

interface Task {
  readonly family: string;
  readonly vcpu: number;
  readonly gigabytes: number;
  readonly size: string;
}

function taskOf(properties: Properties): Task {
  const vcpu = Number(properties.Cpu) / 1024;
  const gigabytes = Number(properties.Memory) / 1024;
  return { family: String(properties.Family), vcpu, gigabytes, size: `${vcpu} vCPU, ${gigabytes} GB` };
}

/** The least number of tasks of a service: its scaling's minimum, or one where nothing scales it. */
function minimumOf(template: CloudFormationTemplate, family: string): number {
  const service = family.slice(family.lastIndexOf("-") + 1);
  const target = Object.entries(template.Resources).find(
    ([id, resource]) =>
      resource.Type === "AWS::ApplicationAutoScaling::ScalableTarget" && id.toLowerCase().startsWith(service),
  )?.[1];
  if (target === undefined) return 1;
  return Number(("Properties" in target ? (target.Properties as Properties) : {}).MinCapacity);
}

function runsPerHour(expression: string): number {
  const [, count = "", unit = ""] = /^rate\((\d+) (minute|hour)s?\)$/.exec(expression) ?? [];
  if (count === "") throw new Error(`not a rate: ${expression}`);
  return (unit === "hour" ? 1 : MINUTES_PER_HOUR) / Number(count);
}

function isPublic(properties: Properties | undefined): boolean {
  return JSON.stringify(properties?.NetworkConfiguration ?? "").includes('"ENABLED"');
}

/** An alarm on an expression is billed for each metric in it. */
function metricsOf(alarm: Properties): number {
  if (!Array.isArray(alarm.Metrics)) return 1;
  return alarm.Metrics.filter((metric: Properties) => "MetricStat" in metric).length;
}
