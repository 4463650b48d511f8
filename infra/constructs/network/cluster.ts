import * as ecs from "aws-cdk-lib/aws-ecs";
import { Construct } from "constructs";
import { acknowledge } from "#infra/acknowledge.ts";
import type { Settings } from "#infra/config/settings.ts";
import type { Network } from "#infra/constructs/network/network.ts";
import { asVpc } from "#infra/interfaces.ts";
import { PREFIX } from "#libs/contracts/names.ts";

export interface ClusterProps {
  readonly network: Network;
  readonly containerInsights: Settings["containerInsights"];
}

/** The cluster, with both kinds of Fargate capacity. */
export class Cluster extends Construct {
  readonly cluster: ecs.Cluster;
  /**
   * The cluster's association with Fargate and Fargate Spot. Services depend on it: a service created before it fails,
   * and it cannot be deleted while a service exists.
   */
  readonly capacity: ecs.CfnClusterCapacityProviderAssociations;

  constructor(scope: Construct, id: string, props: ClusterProps) {
    super(scope, id);
    this.cluster = new ecs.Cluster(this, "Cluster", {
      clusterName: `${PREFIX}-cluster`,
      vpc: asVpc(props.network.vpc),
      containerInsightsV2:
        props.containerInsights === "enabled"
          ? ecs.ContainerInsights.ENABLED
          : ecs.ContainerInsights.DISABLED,
    });
    if (props.containerInsights === "disabled") {
      acknowledge(this.cluster, {
        "AwsSolutions-ECS4":
          "Disabled by a setting to save its cost: the dashboard and all alarms use free metrics or our own",
      });
    }
    this.capacity = new ecs.CfnClusterCapacityProviderAssociations(this, "Capacity", {
      cluster: this.cluster.clusterName,
      capacityProviders: ["FARGATE", "FARGATE_SPOT"],
      defaultCapacityProviderStrategy: [{ capacityProvider: "FARGATE", weight: 1 }],
    });
  }
}
