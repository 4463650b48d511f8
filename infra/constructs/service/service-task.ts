import * as ecs from "aws-cdk-lib/aws-ecs";
import * as iam from "aws-cdk-lib/aws-iam";
import * as logs from "aws-cdk-lib/aws-logs";
import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib/core";
import { Construct } from "constructs";
import { acknowledge, anyTaskOf } from "#infra/acknowledge.ts";
import type { Variables } from "#infra/config/variables.ts";
import type { Broker } from "#infra/constructs/data/broker.ts";
import type { DeployedTable } from "#infra/constructs/data/tables.ts";
import { asSecret } from "#infra/interfaces.ts";
import { PREFIX } from "#libs/contracts/names.ts";
import type { ServiceManifest, TableUse } from "#services/shared/manifest.ts";

export interface ServiceTaskProps {
  readonly manifest: ServiceManifest;
  readonly cluster: ecs.Cluster;
  readonly image: ecs.ContainerImage;
  /** CPU units; 1024 are one vCPU. */
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly logRetentionDays: number;
  /** The service's variables from the deployment's context. */
  readonly variables: Variables;
  readonly healthCheck?: ecs.HealthCheck;
}

/**
 * One service as a task definition with its own role and log group. The `use...` methods set a variable and grant the
 * permission it needs in one call, so that neither exists without the other.
 */
export class ServiceTask extends Construct {
  readonly service: string;
  readonly definition: ecs.FargateTaskDefinition;
  readonly logGroup: logs.LogGroup;
  readonly #container: ecs.ContainerDefinition;
  readonly #cluster: ecs.Cluster;
  readonly #known: ReadonlySet<string>;

  constructor(scope: Construct, id: string, props: ServiceTaskProps) {
    super(scope, id);
    const { manifest } = props;
    this.service = manifest.name;
    this.#cluster = props.cluster;
    this.#known = new Set(manifest.settings);
    const name = `${PREFIX}-${manifest.name}`;

    this.logGroup = new logs.LogGroup(this, "Logs", {
      logGroupName: `/ecs/${name}`,
      retention: props.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.definition = new ecs.FargateTaskDefinition(this, "Task", {
      family: name,
      cpu: props.cpu,
      memoryLimitMiB: props.memoryMiB,
      runtimePlatform: {
        cpuArchitecture: ecs.CpuArchitecture.ARM64,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
      taskRole: new iam.Role(this, "Role", {
        description: `Permissions of the ${manifest.name}`,
        assumedBy: new iam.ServicePrincipal("ecs-tasks.amazonaws.com", {
          // Only ECS of this account may assume the role, which prevents the confused-deputy problem.
          conditions: { StringEquals: { "aws:SourceAccount": Stack.of(this).account } },
        }),
      }),
    });
    this.#container = this.definition.addContainer(manifest.name, {
      containerName: manifest.name,
      image: props.image,
      essential: true,
      readonlyRootFilesystem: true,
      stopTimeout: Duration.seconds(manifest.stopTimeoutSeconds),
      logging: ecs.LogDrivers.awsLogs({ logGroup: this.logGroup, streamPrefix: "ecs" }),
      ...(props.healthCheck === undefined ? {} : { healthCheck: props.healthCheck }),
    });
    for (const [variable, value] of Object.entries(props.variables)) this.#set(variable, value);
    this.#set("LOG_FORMAT", props.variables.LOG_FORMAT ?? "json");

    acknowledge(this.definition.obtainExecutionRole(), {
      "AwsSolutions-IAM5[Resource::*]":
        "ecr:GetAuthorizationToken, which logs in to the registry, does not support resource-level permissions; the pull itself is limited to this image's repository",
    });
    acknowledge(this.definition, {
      "AwsSolutions-ECS2":
        "The variables are names, numbers and a host name; the only secrets, user and password of the broker, come from Secrets Manager",
    });
  }

  /** Sets the broker's address as variables, and its credentials from Secrets Manager through the execution role. */
  useBroker(broker: Broker): void {
    this.#set("RABBITMQ_HOST", broker.host);
    this.#set("RABBITMQ_PORT", String(broker.port));
    this.#secret("RABBITMQ_USER", ecs.Secret.fromSecretsManager(asSecret(broker.credentials), "username"));
    this.#secret("RABBITMQ_PASS", ecs.Secret.fromSecretsManager(asSecret(broker.credentials), "password"));
  }

  /** Sets a table's name as a variable, and grants exactly the given actions on the table and the given indexes. */
  useTable({ definition, table }: DeployedTable, use: Omit<TableUse, "table">): void {
    const indexes = use.indexes ?? [];
    const unknown = indexes.filter((index) => !(index in definition.indexes));
    if (unknown.length > 0) throw new Error(`${definition.name} has no index ${unknown.join(", ")}`);
    this.#set("AWS_REGION", Stack.of(this).region);
    this.#set(use.variable, table.tableName);
    const onItems = use.actions.filter((action) => action !== "Query" || indexes.length === 0);
    if (onItems.length > 0) {
      this.#allow(
        onItems.map((action) => `dynamodb:${action}`),
        [table.tableArn],
      );
    }
    if (indexes.length > 0) {
      this.#allow(
        ["dynamodb:Query"],
        indexes.map((index) => `${table.tableArn}/index/${index}`),
      );
    }
  }

  /** A task may enable its scale-in protection while it processes a message. */
  allowScaleInProtection(): void {
    const stack = Stack.of(this);
    this.#allow(
      ["ecs:GetTaskProtection", "ecs:UpdateTaskProtection"],
      [
        stack.formatArn({
          service: "ecs",
          resource: "task",
          resourceName: `${this.#cluster.clusterName}/*`,
        }),
      ],
    );
    acknowledge(this.definition.taskRole, {
      [`AwsSolutions-IAM5[Resource::${anyTaskOf(this.#cluster)}]`]:
        "A task's id is created when it starts; the cluster is used by this system only",
    });
  }

  #allow(actions: readonly string[], resources: readonly string[]): void {
    this.definition.addToTaskRolePolicy(
      new iam.PolicyStatement({ actions: [...actions], resources: [...resources] }),
    );
  }

  #set(variable: string, value: string): void {
    this.#assertKnown(variable);
    this.#container.addEnvironment(variable, value);
  }

  #secret(variable: string, secret: ecs.Secret): void {
    this.#assertKnown(variable);
    this.#container.addSecret(variable, secret);
  }

  #assertKnown(variable: string): void {
    if (!this.#known.has(variable)) throw new Error(`the ${this.service} does not read ${variable}`);
  }
}
