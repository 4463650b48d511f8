import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import type * as ecs from "aws-cdk-lib/aws-ecs";
import { Duration } from "aws-cdk-lib/core";
import { Construct } from "constructs";
import type { Broker } from "#infra/constructs/data/broker.ts";
import type { Tables } from "#infra/constructs/data/tables.ts";
import { type Alarms, brokerMemoryPercent, brokerMetric } from "#infra/constructs/monitoring/alarms.ts";
import { everyFault, queueMetric, systemMetric } from "#infra/constructs/monitoring/metrics.ts";
import type { TaskFailures } from "#infra/constructs/monitoring/task-failures.ts";
import type { ServiceTask } from "#infra/constructs/service/service-task.ts";
import {
  DEAD_LETTERS,
  FINISHED_SCAN_AGE,
  type MetricDefinition,
  OLDEST_MESSAGE_AGE,
  QUEUE_DEPTH,
} from "#libs/contracts/metrics.ts";
import { PREFIX } from "#libs/contracts/names.ts";
import { QUEUES } from "#libs/contracts/queues.ts";

export interface DashboardProps {
  readonly alarms: Alarms;
  readonly services: readonly ServiceTask[];
  readonly workers: readonly ecs.FargateService[];
  readonly tables: Tables;
  readonly broker: Broker;
  readonly taskFailures: TaskFailures;
}

/** One page: health, throughput, results and limits. */
export class Dashboard extends Construct {
  readonly name = PREFIX;

  constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id);
    const graph = (title: string, left: cloudwatch.IMetric[], label?: string) =>
      new cloudwatch.GraphWidget({
        title,
        left,
        width: 8,
        height: 6,
        leftYAxis: { min: 0, showUnits: false, ...(label === undefined ? {} : { label }) },
      });
    const byQueue = (definition: MetricDefinition) =>
      QUEUES.map((queue) => queueMetric(definition, queue.name).with({ label: queue.name }));
    const ofTables = (metricName: string) =>
      props.tables.all.map(
        ({ definition }) =>
          new cloudwatch.Metric({
            namespace: "AWS/DynamoDB",
            metricName,
            dimensionsMap: { TableName: definition.name },
            statistic: cloudwatch.Stats.SUM,
            period: Duration.minutes(5),
            label: definition.name,
          }),
      );
    // Every task reports its CPU once a minute, so the number of samples is the number of tasks, at no cost.
    const running = props.workers.map((service) =>
      service.metricCpuUtilization({
        statistic: cloudwatch.Stats.SAMPLE_COUNT,
        period: Duration.minutes(1),
        label: service.serviceName,
      }),
    );

    const dashboard = new cloudwatch.Dashboard(this, "Dashboard", {
      dashboardName: this.name,
      defaultInterval: Duration.hours(6),
    });
    dashboard.addWidgets(
      new cloudwatch.AlarmStatusWidget({
        title: "Alarms",
        alarms: [...props.alarms.all],
        width: 24,
        height: 4,
      }),
    );
    dashboard.addWidgets(
      graph("Waiting messages", byQueue(QUEUE_DEPTH)),
      graph("Age of the oldest message", byQueue(OLDEST_MESSAGE_AGE), "seconds"),
      graph("Dead letters", byQueue(DEAD_LETTERS)),
    );
    dashboard.addWidgets(
      graph("Running tasks", running),
      graph("Age of the latest finished scan", [systemMetric(FINISHED_SCAN_AGE)], "seconds"),
      graph("Errors and failed tasks", [
        ...props.alarms.errors,
        props.taskFailures.count.with({ label: "failed tasks" }),
      ]),
    );
    dashboard.addWidgets(
      graph(
        "CPU by service",
        props.workers.map((service) => service.metricCpuUtilization({ label: service.serviceName })),
        "%",
      ),
      graph(
        "Memory by service",
        props.workers.map((service) => service.metricMemoryUtilization({ label: service.serviceName })),
        "%",
      ),
      graph("Broker memory", [brokerMemoryPercent(props.broker)], "% of the limit"),
    );
    dashboard.addWidgets(
      graph("Consumed write units", ofTables("ConsumedWriteCapacityUnits")),
      graph("Throttled writes", ofTables("WriteThrottleEvents")),
      graph("Broker connections", [brokerMetric(props.broker, "ConnectionCount")]),
    );
    dashboard.addWidgets(
      new cloudwatch.GraphWidget({
        title: "Faults by kind and service",
        left: [everyFault()],
        width: 24,
        height: 6,
        leftYAxis: { min: 0, showUnits: false },
      }),
    );
    dashboard.addWidgets(
      new cloudwatch.LogQueryWidget({
        title: "Warnings and errors",
        logGroupNames: props.services.map((task) => task.logGroup.logGroupName),
        queryLines: [
          "fields @timestamp, service, level, msg, symbol, reason, remedy",
          'filter level in ["warn", "error", "fatal"]',
          "sort @timestamp desc",
          "limit 50",
        ],
        width: 24,
        height: 8,
      }),
    );
  }
}
