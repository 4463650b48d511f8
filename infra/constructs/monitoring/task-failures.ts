import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import type * as ecs from "aws-cdk-lib/aws-ecs";
import * as events from "aws-cdk-lib/aws-events";
import * as iam from "aws-cdk-lib/aws-iam";
import * as logs from "aws-cdk-lib/aws-logs";
import { Duration, RemovalPolicy } from "aws-cdk-lib/core";
import { Construct } from "constructs";
import { PREFIX } from "#libs/contracts/names.ts";

/**
 * Tasks that exited with a code other than 0, or could not be started, are recorded with their reason in a separate
 * log group and counted by EventBridge. A task stopped by scaling, a deployment or Spot exits with 0.
 */
export class TaskFailures extends Construct {
  readonly logGroup: logs.LogGroup;
  readonly count: cloudwatch.Metric;

  constructor(scope: Construct, id: string, props: { cluster: ecs.Cluster; logRetentionDays: number }) {
    super(scope, id);
    const name = `${PREFIX}-task-failures`;
    this.logGroup = new logs.LogGroup(this, "Logs", {
      logGroupName: `/aws/events/${name}`,
      retention: props.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // CDK's target for log groups grants this through a Lambda function; a resource policy needs none.
    this.logGroup.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [
          new iam.ServicePrincipal("events.amazonaws.com"),
          new iam.ServicePrincipal("delivery.logs.amazonaws.com"),
        ],
        actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
        resources: [this.logGroup.logGroupArn],
      }),
    );
    new events.Rule(this, "Rule", {
      ruleName: name,
      description: "Tasks that failed or could not be started",
      eventPattern: {
        source: ["aws.ecs"],
        detailType: ["ECS Task State Change"],
        detail: {
          clusterArn: [props.cluster.clusterArn],
          lastStatus: ["STOPPED"],
          $or: [{ containers: { exitCode: [{ "anything-but": 0 }] } }, { stopCode: ["TaskFailedToStart"] }],
        },
      },
      targets: [{ bind: () => ({ arn: this.logGroup.logGroupArn }) }],
    });
    this.count = new cloudwatch.Metric({
      namespace: "AWS/Events",
      metricName: "Invocations",
      dimensionsMap: { RuleName: name },
      statistic: cloudwatch.Stats.SUM,
      period: Duration.minutes(5),
    });
  }
}
