import * as ecs from "aws-cdk-lib/aws-ecs";
import { Stack, Validations } from "aws-cdk-lib/core";
import type { IConstruct } from "constructs";

/** Acknowledged findings of cdk-nag, each with its reason. */
export function acknowledge(scope: IConstruct, findings: Readonly<Record<string, string>>): void {
  for (const [id, reason] of Object.entries(findings)) {
    Validations.of(scope).acknowledge({ id, reason });
  }
}

/** The ARN of any task of a cluster as cdk-nag writes it in the ids of its findings. */
export function anyTaskOf(cluster: ecs.Cluster): string {
  const resource = cluster.node.defaultChild;
  if (!(resource instanceof ecs.CfnCluster))
    throw new Error("the cluster has no CfnCluster as its default child");
  const id = String(Stack.of(cluster).resolve(resource.logicalId));
  return `arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:task/<${id}>/*`;
}
