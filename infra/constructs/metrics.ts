import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import { Duration } from "aws-cdk-lib/core";
import { METRICS_NAMESPACE, type MetricDefinition, QUEUE_DIMENSION } from "#libs/contracts/metrics.ts";

/** The selector publishes once a minute. */
export const METRIC_PERIOD = Duration.minutes(1);

/** A metric of one queue, as the selector publishes it. Without a label: that would turn alarms into queries. */
export function queueMetric(definition: MetricDefinition, queueName: string): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: METRICS_NAMESPACE,
    metricName: definition.name,
    dimensionsMap: { [QUEUE_DIMENSION]: queueName },
    statistic: cloudwatch.Stats.MAXIMUM,
    period: METRIC_PERIOD,
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
