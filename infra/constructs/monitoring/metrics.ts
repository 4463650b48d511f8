import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import { Duration } from "aws-cdk-lib/core";
import type { FaultMetric } from "#libs/contracts/faults.ts";
import {
  METRICS_NAMESPACE,
  type MetricDefinition,
  QUEUE_DIMENSION,
  SERVICE_DIMENSION,
} from "#libs/contracts/metrics.ts";

/** The selector publishes once a minute. */
export const METRIC_PERIOD = Duration.minutes(1);

/** A metric of one queue, as the selector publishes it. It has no label: a label turns an alarm into a query. */
export function queueMetric(definition: MetricDefinition, queueName: string): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: METRICS_NAMESPACE,
    metricName: definition.name,
    dimensionsMap: { [QUEUE_DIMENSION]: queueName },
    statistic: cloudwatch.Stats.MAXIMUM,
    period: METRIC_PERIOD,
  });
}

/** How often a fault occurred in a service in five minutes. No data means that it did not occur. */
export function faultMetric(name: FaultMetric, service: string): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: METRICS_NAMESPACE,
    metricName: name,
    dimensionsMap: { [SERVICE_DIMENSION]: service },
    statistic: cloudwatch.Stats.SUM,
    period: Duration.minutes(5),
  });
}

/** All existing fault metrics of all services, found by their dimension; a graph labels each one. */
export function everyFault(): cloudwatch.MathExpression {
  return new cloudwatch.MathExpression({
    expression: `SEARCH('{${METRICS_NAMESPACE},${SERVICE_DIMENSION}}', 'Sum', 300)`,
    usingMetrics: {},
    label: "",
    period: Duration.minutes(5),
  });
}

/** A metric of the whole system, as the selector publishes it. */
export function systemMetric(definition: MetricDefinition): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: METRICS_NAMESPACE,
    metricName: definition.name,
    statistic: cloudwatch.Stats.MAXIMUM,
    period: METRIC_PERIOD,
  });
}
