import * as ecs from "aws-cdk-lib/aws-ecs";
import { Stack, Validations } from "aws-cdk-lib/core";
import type { IConstruct } from "constructs";

/** Findings of cdk-nag that stand on purpose, each with the reason for which it does. */
export function acknowledge(scope: IConstruct, findings: Readonly<Record<string, string>>): void {
  for (const [id, reason] of Object.entries(findings)) {
    Validations.of(scope).acknowledge({ id, reason });
  }
}

/** How cdk-nag writes the ARN of any task of a cluster in the ids of its findings. */
export function anyTaskOf(cluster: ecs.Cluster): string {
  const resource = cluster.node.defaultChild;
  if (!(resource instanceof ecs.CfnCluster)) throw new Error("the cluster has no resource of its own");
  const id = String(Stack.of(cluster).resolve(resource.logicalId));
  return `arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:task/<${id}>/*`;
}
