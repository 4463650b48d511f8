import type { CloudFormationTemplate } from "#infra/emulator/reduce-template.ts";
import { QUEUE_METRICS } from "#libs/contracts/metrics.ts";
import { QUEUES } from "#libs/contracts/queues.ts";
import { MANIFESTS } from "#services/manifests.ts";
import type { ServiceManifest } from "#services/shared/manifest.ts";
import type { CostLine } from "./cost-line.ts";
import { fargateCost } from "./fargate.ts";
import type { Prices } from "./prices.ts";
import { type Properties, resourcesOf } from "./resources.ts";
import type { Usage } from "./usage.ts";

/**
 * Metrics that a cluster, a task family and a service report to Container Insights, from an example of CloudWatch's
 * price page that was not verified again; AWS changes what it reports.
 */
const INSIGHTS_METRICS = { cluster: 8, task: 6, service: 11 } as const;

const GB = 1e9;
const MINUTES_PER_HOUR = 60;

/**
 * The stack's monthly cost, from the template's resources, their usage by manifests and assumptions, and the prices.
 * Free tiers that end after a year are ignored.
 */
export function estimate(
  template: CloudFormationTemplate,
  prices: Prices,
  usage: Usage,
  manifests: readonly ServiceManifest[] = MANIFESTS,
): readonly CostLine[] {
  const hours = prices.hoursPerMonth;
  const of = (type: string): readonly Properties[] =>
    resourcesOf(template, type).map(([, properties]) => properties);
  const lines: CostLine[] = [];
  const add = (part: string, how: string, usd: number) => lines.push({ part, how, usd });

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

  const { lines: fargate, publicHours } = fargateCost(template, prices, manifests);
  lines.push(...fargate);
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
      INSIGHTS_METRICS.task * of("AWS::ECS::TaskDefinition").length +
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

/** An alarm on an expression is billed for each metric in it. */
function metricsOf(alarm: Properties): number {
  if (!Array.isArray(alarm.Metrics)) return 1;
  return alarm.Metrics.filter((metric: Properties) => "MetricStat" in metric).length;
}
