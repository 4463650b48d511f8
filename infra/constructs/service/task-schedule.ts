import type * as ecs from "aws-cdk-lib/aws-ecs";
import * as iam from "aws-cdk-lib/aws-iam";
import * as scheduler from "aws-cdk-lib/aws-scheduler";
import * as targets from "aws-cdk-lib/aws-scheduler-targets";
import { type Duration, Stack } from "aws-cdk-lib/core";
import { Construct } from "constructs";
import { acknowledge, anyTaskOf } from "#infra/acknowledge.ts";
import type { Network } from "#infra/constructs/network/network.ts";
import type { ServiceTask } from "#infra/constructs/service/service-task.ts";
import { asCluster } from "#infra/interfaces.ts";
import { PREFIX } from "#libs/contracts/names.ts";

export interface TaskScheduleProps {
  readonly cluster: ecs.Cluster;
  readonly network: Network;
  readonly task: ServiceTask;
  readonly every: Duration;
  /** On Fargate Spot: for frequent runs, where a failed start does not matter. */
  readonly spot?: boolean;
  /** After this time a failed start is not retried, because the next one is due. */
  readonly giveUpAfter: Duration;
}

/**
 * Starts a task that runs once and exits, `crypto-backtest-<service>-schedule`. The scheduler delivers at least once and
 * does not prevent overlap: the services' leases make a second start harmless.
 */
export class TaskSchedule extends Construct {
  constructor(scope: Construct, id: string, props: TaskScheduleProps) {
    super(scope, id);
    const role = new iam.Role(this, "Role", {
      description: `Starts the ${props.task.service} on schedule`,
      assumedBy: new iam.ServicePrincipal("scheduler.amazonaws.com", {
        conditions: { StringEquals: { "aws:SourceAccount": Stack.of(this).account } },
      }),
    });
    acknowledge(role, {
      [`AwsSolutions-IAM5[Resource::${anyTaskOf(props.cluster)}]`]:
        "ecs:TagResource, so that the tasks have the project's tag; a task's id is created when it starts, and the cluster is used by this system only",
    });
    new scheduler.Schedule(this, "Schedule", {
      scheduleName: `${PREFIX}-${props.task.service}-schedule`,
      description: `Runs the ${props.task.service}`,
      schedule: scheduler.ScheduleExpression.rate(props.every),
      timeWindow: scheduler.TimeWindow.off(),
      target: new targets.EcsRunFargateTask(asCluster(props.cluster), {
        taskDefinition: props.task.definition,
        assignPublicIp: props.network.assignPublicIp,
        vpcSubnets: props.network.taskSubnets,
        securityGroups: [props.network.taskGroup],
        ...(props.spot === true
          ? { capacityProviderStrategies: [{ capacityProvider: "FARGATE_SPOT", weight: 1 }] }
          : {}),
        enableEcsManagedTags: true,
        propagateTags: true,
        role,
        retryAttempts: 3,
        maxEventAge: props.giveUpAfter,
      }),
    });
  }
}
