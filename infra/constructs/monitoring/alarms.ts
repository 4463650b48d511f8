import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import * as actions from "aws-cdk-lib/aws-cloudwatch-actions";
import * as logs from "aws-cdk-lib/aws-logs";
import { Duration } from "aws-cdk-lib/core";
import { Construct } from "constructs";
import type { Broker } from "#infra/constructs/data/broker.ts";
import type { Tables } from "#infra/constructs/data/tables.ts";
import { faultMetric, queueMetric, systemMetric } from "#infra/constructs/monitoring/metrics.ts";
import type { Notices } from "#infra/constructs/monitoring/notices.ts";
import type { TaskFailures } from "#infra/constructs/monitoring/task-failures.ts";
import type { ServiceTask } from "#infra/constructs/service/service-task.ts";
import { FAULTS } from "#libs/contracts/faults.ts";
import {
  DEAD_LETTERS,
  FINISHED_SCAN_AGE,
  METRICS_NAMESPACE,
  OLDEST_MESSAGE_AGE,
} from "#libs/contracts/metrics.ts";
import { PREFIX } from "#libs/contracts/names.ts";
import { callsExchange, type ServiceManifest } from "#services/shared/manifest.ts";

export interface AlarmsProps {
  readonly manifests: readonly ServiceManifest[];
  readonly notices: Notices;
  readonly services: readonly ServiceTask[];
  readonly tables: Tables;
  readonly broker: Broker;
  readonly taskFailures: TaskFailures;
}

/** A scan an hour, and ten minutes for its backtests. */
const SCAN_OVERDUE = Duration.minutes(70);

/** The smallest broker accepts 100 connections; ten analyzers and five finders with two each need about 35. */
const MANY_CONNECTIONS = 80;

const { GREATER_THAN_OR_EQUAL_TO_THRESHOLD, GREATER_THAN_THRESHOLD, LESS_THAN_THRESHOLD } =
  cloudwatch.ComparisonOperator;
const { BREACHING, NOT_BREACHING } = cloudwatch.TreatMissingData;

/** Alarms that need an operator; each description says what to check. */
export class Alarms extends Construct {
  readonly all: readonly cloudwatch.Alarm[];
  /** Log lines of level `error` and above, one metric per service. */
  readonly errors: readonly cloudwatch.Metric[];

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const alarms: cloudwatch.Alarm[] = [];
    const alarm = (name: string, options: Omit<cloudwatch.AlarmProps, "alarmName">) => {
      const made = new cloudwatch.Alarm(this, name, { alarmName: `${PREFIX}-${name}`, ...options });
      const notify = new actions.SnsAction(props.notices.topic);
      made.addAlarmAction(notify);
      made.addOkAction(notify);
      alarms.push(made);
    };

    this.errors = props.services.map((task) => this.#errorsOf(task));
    props.manifests.forEach(({ name, alarms: asked }, at) => {
      const metric = this.errors[at];
      if (metric === undefined) throw new Error(`the ${name} has no task`);
      alarm(`${name}-errors`, {
        metric,
        threshold: asked.errors,
        evaluationPeriods: 1,
        comparisonOperator: GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: NOT_BREACHING,
        alarmDescription: `At least ${inWords(asked.errors)} errors in five minutes: aws logs tail /ecs/${PREFIX}-${name} --since 15m`,
      });
      if (asked.silentMinutes === null) return;
      alarm(`${name}-silent`, {
        metric: new cloudwatch.Metric({
          namespace: "AWS/Logs",
          metricName: "IncomingLogEvents",
          dimensionsMap: { LogGroupName: `/ecs/${PREFIX}-${name}` },
          statistic: cloudwatch.Stats.SUM,
          period: Duration.minutes(asked.silentMinutes),
        }),
        threshold: 1,
        evaluationPeriods: 1,
        comparisonOperator: LESS_THAN_THRESHOLD,
        treatMissingData: BREACHING,
        alarmDescription: `The ${name} has logged nothing in ${asked.silentMinutes} minutes: is a task running? aws ecs list-tasks --cluster ${PREFIX}-cluster --service-name ${PREFIX}-${name}`,
      });
    });

    alarm("no-finished-scan", {
      metric: systemMetric(FINISHED_SCAN_AGE).with({ period: Duration.minutes(5) }),
      threshold: SCAN_OVERDUE.toSeconds(),
      evaluationPeriods: 2,
      comparisonOperator: GREATER_THAN_THRESHOLD,
      // The selector publishes the age: without it, nothing is known about scans.
      treatMissingData: BREACHING,
      alarmDescription:
        "No scan has finished for 70 minutes, or the selector publishes no metrics: check the schedules and logs of scanner and selector, then the queue backtest-tasks",
    });

    const consumed = props.manifests.flatMap(({ name, consumes }) =>
      consumes.map(({ queue, overdueSeconds }) => ({
        queueName: queue.name,
        thresholdSeconds: overdueSeconds,
        consumer: name,
      })),
    );
    for (const { queueName, thresholdSeconds, consumer } of consumed) {
      alarm(`${queueName}-oldest-message`, {
        metric: queueMetric(OLDEST_MESSAGE_AGE, queueName),
        threshold: thresholdSeconds,
        evaluationPeriods: 5,
        datapointsToAlarm: 5,
        comparisonOperator: GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: NOT_BREACHING,
        alarmDescription: `The oldest message of ${queueName} has waited for more than ${thresholdSeconds} s: check that the ${consumer} is running and keeps up`,
      });
      alarm(`${queueName}-dead-letters`, {
        metric: queueMetric(DEAD_LETTERS, queueName),
        threshold: 1,
        evaluationPeriods: 1,
        comparisonOperator: GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: NOT_BREACHING,
        alarmDescription: `Messages in ${queueName}.dead: list their reasons with the dlq command (README, Dead letters) or read the ${consumer}'s log`,
      });
    }

    const callers = props.manifests.filter(callsExchange).map(({ name }) => name);
    alarm("exchange-ban", {
      metric: new cloudwatch.MathExpression({
        expression: callers.map((service) => `FILL(${service}, 0)`).join(" + "),
        usingMetrics: Object.fromEntries(
          callers.map((service) => [service, faultMetric(FAULTS.exchangeBans.metric, service)]),
        ),
        period: Duration.minutes(5),
        label: "bans",
      }),
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: NOT_BREACHING,
      alarmDescription: `Bybit refuses an IP address (HTTP 403), and its task suspends all requests: ${FAULTS.exchangeBans.remedy}`,
    });

    for (const { definition } of props.tables.all) {
      alarm(`${definition.name.slice(PREFIX.length + 1)}-throttled-writes`, {
        metric: new cloudwatch.Metric({
          namespace: "AWS/DynamoDB",
          metricName: "WriteThrottleEvents",
          dimensionsMap: { TableName: definition.name },
          statistic: cloudwatch.Stats.SUM,
          period: Duration.minutes(5),
        }),
        threshold: 1,
        evaluationPeriods: 2,
        comparisonOperator: GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: NOT_BREACHING,
        alarmDescription: `Writes to ${definition.name} are throttled, and the services retry them: ${FAULTS.databaseThrottles.remedy}`,
      });
    }

    alarm("broker-memory", {
      metric: brokerMemoryPercent(props.broker),
      threshold: 80,
      evaluationPeriods: 3,
      comparisonOperator: GREATER_THAN_THRESHOLD,
      treatMissingData: NOT_BREACHING,
      alarmDescription:
        "The broker's memory is above 80 % of the limit at which it blocks publishers: check that consumers are running and queues are not full",
    });
    alarm("broker-connections", {
      metric: brokerMetric(props.broker, "ConnectionCount"),
      threshold: MANY_CONNECTIONS,
      evaluationPeriods: 3,
      comparisonOperator: GREATER_THAN_THRESHOLD,
      treatMissingData: NOT_BREACHING,
      alarmDescription: `More than ${MANY_CONNECTIONS} broker connections: the smallest broker accepts at most 100; run fewer tasks or choose a larger brokerInstanceType`,
    });

    alarm("task-restarts", {
      metric: props.taskFailures.count.with({ period: Duration.minutes(15) }),
      threshold: 3,
      evaluationPeriods: 1,
      comparisonOperator: GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: NOT_BREACHING,
      alarmDescription: `At least three tasks failed or could not start in 15 minutes: aws logs tail /aws/events/${PREFIX}-task-failures --since 1h`,
    });
    this.all = alarms;
  }

  #errorsOf(task: ServiceTask): cloudwatch.Metric {
    const metricName = `Errors-${task.service}`;
    const filter = new logs.MetricFilter(this, `${task.service}-error-lines`, {
      logGroup: task.logGroup,
      filterPattern: logs.FilterPattern.any(
        logs.FilterPattern.stringValue("$.level", "=", "error"),
        logs.FilterPattern.stringValue("$.level", "=", "fatal"),
      ),
      metricNamespace: METRICS_NAMESPACE,
      metricName,
      metricValue: "1",
    });
    return filter.metric({
      statistic: cloudwatch.Stats.SUM,
      period: Duration.minutes(5),
    });
  }
}

/** Small numbers in words, for a description. */
function inWords(count: number): string {
  return ["no", "one", "two", "three", "four", "five"][count] ?? String(count);
}

/** One of the metrics that Amazon MQ publishes for the whole broker. */
export function brokerMetric(broker: Broker, metricName: string): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: "AWS/AmazonMQ",
    metricName,
    dimensionsMap: { Broker: broker.name },
    statistic: cloudwatch.Stats.MAXIMUM,
    period: Duration.minutes(5),
  });
}

/** Memory in use, in percent of the limit at which RabbitMQ blocks publishers. */
export function brokerMemoryPercent(broker: Broker): cloudwatch.MathExpression {
  return new cloudwatch.MathExpression({
    expression: "100 * used / limit",
    usingMetrics: {
      used: brokerMetric(broker, "RabbitMQMemUsed"),
      limit: brokerMetric(broker, "RabbitMQMemLimit"),
    },
    period: Duration.minutes(5),
    label: "broker memory %",
  });
}
