import * as scaling from "aws-cdk-lib/aws-applicationautoscaling";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import * as actions from "aws-cdk-lib/aws-cloudwatch-actions";
import type * as ecs from "aws-cdk-lib/aws-ecs";
import * as iam from "aws-cdk-lib/aws-iam";
import { Duration, Stack } from "aws-cdk-lib/core";
import { Construct } from "constructs";
import { METRIC_PERIOD, queueMetric } from "#infra/constructs/monitoring/metrics.ts";
import { OLDEST_MESSAGE_AGE, QUEUE_DEPTH } from "#libs/contracts/metrics.ts";

export interface QueueScalingProps {
  readonly cluster: ecs.Cluster;
  readonly service: ecs.FargateService;
  readonly queueName: string;
  readonly minTasks: number;
  readonly maxTasks: number;
  /** The number of waiting messages per task. */
  readonly messagesPerTask: number;
  /** A message that has waited this long adds tasks regardless of the depth. */
  readonly oldestMessageAgeSeconds: number;
}

/** The number of tasks from a depth on. */
export interface DepthStep {
  readonly fromMessages: number;
  readonly tasks: number;
}

/** An empty queue has the minimum; each started `messagesPerTask` adds a task, up to the maximum. */
export function depthSteps(
  props: Pick<QueueScalingProps, "minTasks" | "maxTasks" | "messagesPerTask">,
): readonly DepthStep[] {
  const steps: DepthStep[] = [{ fromMessages: 0, tasks: props.minTasks }];
  for (let tasks = props.minTasks + 1; tasks <= props.maxTasks; tasks += 1) {
    steps.push({ fromMessages: (tasks - 1) * props.messagesPerTask + 1, tasks });
  }
  return steps;
}

/**
 * Scales the number of tasks with the queue's depth: a step policy sets the exact capacity, in and out, so that a burst
 * (150 tasks each hour) has its workers after a minute and an empty queue releases them. Its alarm is in ALARM whenever
 * there is data, because a step policy is evaluated only while its alarm is on. A second policy adds tasks while the
 * oldest message is too old, because a few slow messages do not make a deep queue; of two policies the larger number
 * wins. Without metrics nothing scales.
 */
export class QueueScaling extends Construct {
  constructor(scope: Construct, id: string, props: QueueScalingProps) {
    super(scope, id);
    const target = new scaling.ScalableTarget(this, "Target", {
      serviceNamespace: scaling.ServiceNamespace.ECS,
      scalableDimension: "ecs:service:DesiredCount",
      resourceId: `service/${props.cluster.clusterName}/${props.service.serviceName}`,
      minCapacity: props.minTasks,
      maxCapacity: props.maxTasks,
      // The account's service-linked role, which Application Auto Scaling creates and always uses.
      role: iam.Role.fromRoleArn(
        this,
        "Role",
        Stack.of(this).formatArn({
          service: "iam",
          region: "",
          resource: "role/aws-service-role/ecs.application-autoscaling.amazonaws.com",
          resourceName: "AWSServiceRoleForApplicationAutoScaling_ECSService",
        }),
      ),
    });

    const byDepth = new scaling.StepScalingAction(this, "ByDepth", {
      scalingTarget: target,
      policyName: `${props.queueName}-depth`,
      adjustmentType: scaling.AdjustmentType.EXACT_CAPACITY,
      metricAggregationType: scaling.MetricAggregationType.MAXIMUM,
      cooldown: METRIC_PERIOD,
    });
    const steps = depthSteps(props);
    steps.forEach((step, at) => {
      const next = steps[at + 1];
      byDepth.addAdjustment({
        adjustment: step.tasks,
        lowerBound: step.fromMessages,
        ...(next === undefined ? {} : { upperBound: next.fromMessages }),
      });
    });
    this.#alarm("Depth", queueMetric(QUEUE_DEPTH, props.queueName), 0).addAlarmAction(
      new actions.ApplicationScalingAction(byDepth),
    );

    const byAge = new scaling.StepScalingAction(this, "ByAge", {
      scalingTarget: target,
      policyName: `${props.queueName}-age`,
      adjustmentType: scaling.AdjustmentType.CHANGE_IN_CAPACITY,
      metricAggregationType: scaling.MetricAggregationType.MAXIMUM,
      cooldown: Duration.minutes(2),
    });
    // Bounds are relative to the alarm's threshold: the second step starts at twice the age.
    byAge.addAdjustment({ adjustment: 1, lowerBound: 0, upperBound: props.oldestMessageAgeSeconds });
    byAge.addAdjustment({ adjustment: 2, lowerBound: props.oldestMessageAgeSeconds });
    this.#alarm(
      "Age",
      queueMetric(OLDEST_MESSAGE_AGE, props.queueName),
      props.oldestMessageAgeSeconds,
    ).addAlarmAction(new actions.ApplicationScalingAction(byAge));
  }

  #alarm(id: string, metric: cloudwatch.Metric, threshold: number): cloudwatch.Alarm {
    return new cloudwatch.Alarm(this, id, {
      metric,
      threshold,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.MISSING,
      alarmDescription: "Drives scaling: the state ALARM is normal and needs no action",
    });
  }
}
