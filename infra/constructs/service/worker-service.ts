import * as ecs from "aws-cdk-lib/aws-ecs";
import { Construct } from "constructs";
import type { Network } from "#infra/constructs/network/network.ts";
import type { ServiceTask } from "#infra/constructs/service/service-task.ts";
import { asCluster } from "#infra/interfaces.ts";
import { PREFIX } from "#libs/contracts/names.ts";

export interface WorkerServiceProps {
  readonly cluster: ecs.Cluster;
  readonly capacity: ecs.CfnClusterCapacityProviderAssociations;
  readonly network: Network;
  readonly task: ServiceTask;
  /** On Fargate Spot: tasks may be interrupted with two minutes' notice. */
  readonly spot?: boolean;
  /** True: never two tasks at once, not even during a deployment. */
  readonly single?: boolean;
}

/** A long-running service: stopped tasks are replaced, and a deployment that fails to start is rolled back. */
export class WorkerService extends Construct {
  readonly service: ecs.FargateService;

  constructor(scope: Construct, id: string, props: WorkerServiceProps) {
    super(scope, id);
    const single = props.single ?? false;
    // No desired count: a deployment keeps the number that scaling or an operator has set.
    this.service = new ecs.FargateService(this, "Service", {
      cluster: asCluster(props.cluster),
      serviceName: `${PREFIX}-${props.task.service}`,
      taskDefinition: props.task.definition,
      capacityProviderStrategies: [
        { capacityProvider: props.spot === true ? "FARGATE_SPOT" : "FARGATE", weight: 1 },
      ],
      assignPublicIp: props.network.assignPublicIp,
      vpcSubnets: props.network.taskSubnets,
      securityGroups: [props.network.taskGroup],
      minHealthyPercent: single ? 0 : 100,
      maxHealthyPercent: single ? 100 : 200,
      circuitBreaker: { enable: true, rollback: true },
      propagateTags: ecs.PropagatedTagSource.SERVICE,
      enableECSManagedTags: true,
    });
    this.service.node.addDependency(props.capacity);
  }
}
