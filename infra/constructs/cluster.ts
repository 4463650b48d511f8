import * as ecs from "aws-cdk-lib/aws-ecs";
import { Construct } from "constructs";
import type { Network } from "#infra/constructs/network.ts";
import { asVpc } from "#infra/interfaces.ts";
import { PREFIX } from "#libs/contracts/names.ts";

/** The one cluster, with Container Insights (running tasks, memory) and both kinds of Fargate capacity. */
export class Cluster extends Construct {
  readonly cluster: ecs.Cluster;
  /**
   * The cluster's right to use Fargate and Fargate Spot. Services depend on it: one that is made before it is
   * refused, and it cannot be deleted while one is left.
   */
  readonly capacity: ecs.CfnClusterCapacityProviderAssociations;

  constructor(scope: Construct, id: string, network: Network) {
    super(scope, id);
    this.cluster = new ecs.Cluster(this, "Cluster", {
      clusterName: `${PREFIX}-cluster`,
      vpc: asVpc(network.vpc),
      containerInsightsV2: ecs.ContainerInsights.ENABLED,
    });
    this.capacity = new ecs.CfnClusterCapacityProviderAssociations(this, "Capacity", {
      cluster: this.cluster.clusterName,
      capacityProviders: ["FARGATE", "FARGATE_SPOT"],
      defaultCapacityProviderStrategy: [{ capacityProvider: "FARGATE", weight: 1 }],
    });
  }
}
