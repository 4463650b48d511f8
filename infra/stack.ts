import type * as ecs from "aws-cdk-lib/aws-ecs";
import { CfnOutput, Stack, type StackProps, Tags } from "aws-cdk-lib/core";
import type { Construct } from "constructs";
import type { ServiceSettings } from "#infra/config/service-settings.ts";
import type { Settings } from "#infra/config/settings.ts";
import type { Variables } from "#infra/config/variables.ts";
import { Broker } from "#infra/constructs/data/broker.ts";
import { Tables } from "#infra/constructs/data/tables.ts";
import { Alarms } from "#infra/constructs/monitoring/alarms.ts";
import { Dashboard } from "#infra/constructs/monitoring/dashboard.ts";
import { MonthlyBudget } from "#infra/constructs/monitoring/monthly-budget.ts";
import { Notices } from "#infra/constructs/monitoring/notices.ts";
import { TaskFailures } from "#infra/constructs/monitoring/task-failures.ts";
import { Cluster } from "#infra/constructs/network/cluster.ts";
import { Network } from "#infra/constructs/network/network.ts";
import { makeTask, runTask, type Surroundings } from "#infra/constructs/service/deployed-service.ts";
import type { ServiceTask } from "#infra/constructs/service/service-task.ts";
import { Images } from "#infra/images.ts";
import { PREFIX } from "#libs/contracts/names.ts";
import { callsExchange, type ServiceManifest } from "#services/shared/manifest.ts";

export interface CryptoBacktestStackProps extends StackProps {
  readonly manifests: readonly ServiceManifest[];
  readonly settings: Settings;
  /** By the name of the service. */
  readonly variables: Readonly<Record<string, Variables>>;
  readonly codeVersion: string;
}

/** Requests per second that Bybit allows per IP address (600 in 5 s), with a margin. */
const BYBIT_CALLS_PER_SECOND_AND_ADDRESS = 100;

type Tasks = ReadonlyMap<ServiceManifest, ServiceTask>;

/** The whole system in one stack. */
export class CryptoBacktestStack extends Stack {
  constructor(scope: Construct, id: string, props: CryptoBacktestStackProps) {
    super(scope, id, props);
    const { settings, manifests } = props;
    Tags.of(this).add("project", PREFIX);

    const around = this.#surroundings(props);
    const { cluster, tables, broker, logRetentionDays } = around;
    const tasks = this.#tasks(props, around);
    const workers = this.#run(props, around, tasks);

    const notices = new Notices(this, "Notices", settings.alarmEmail);
    const taskFailures = new TaskFailures(this, "TaskFailures", { cluster, logRetentionDays });
    const services = [...tasks.values()];
    const watched = { services, tables, broker, taskFailures };
    const alarms = new Alarms(this, "Alarms", { ...watched, manifests, notices });
    const dashboard = new Dashboard(this, "Dashboard", { ...watched, alarms, workers });
    new MonthlyBudget(this, "Budget", { notices, limitUsd: settings.budgetUsd });

    const output = (name: string, description: string, value: string) =>
      new CfnOutput(this, name, { description, value });
    output("ClusterName", "ECS cluster of all services", cluster.clusterName);
    output(
      "AlarmTopic",
      "SNS topic of alarms and budget notifications: subscribe to it",
      notices.topic.topicArn,
    );
    output(
      "DashboardAddress",
      "CloudWatch dashboard",
      `https://${this.region}.console.aws.amazon.com/cloudwatch/home?region=${this.region}#dashboards:name=${dashboard.name}`,
    );
    output(
      "BrokerConsole",
      "RabbitMQ management console, reachable from inside the VPC only",
      broker.consoleUrl,
    );
    output(
      "BrokerCredentials",
      "Secret with the broker's user name and password",
      broker.credentials.secretArn,
    );
  }

  #surroundings({ settings, codeVersion }: CryptoBacktestStackProps): Surroundings {
    const network = new Network(this, "Network", { egress: settings.egress });
    const tables = new Tables(this, "Tables", { maxWriteUnits: settings.maxWriteUnits });
    const broker = new Broker(this, "Broker", { network, instanceType: settings.brokerInstanceType });
    const { cluster, capacity } = new Cluster(this, "Cluster", {
      network,
      containerInsights: settings.containerInsights,
    });
    const images = new Images(this, "Images", {
      source: settings.images,
      tag: settings.imageTag,
      codeVersion,
    });
    const { spot, logRetentionDays } = settings;
    return { network, tables, broker, cluster, capacity, images, spot, logRetentionDays };
  }

  #tasks(props: CryptoBacktestStackProps, around: Surroundings): Tasks {
    const shared = sharedAddressVariables(props);
    return new Map(
      props.manifests.map((manifest) => {
        const variables = {
          ...(callsExchange(manifest) ? shared : {}),
          ...props.variables[manifest.name],
        };
        const settings = settingsOf(props, manifest);
        return [manifest, makeTask(this, manifest, around, settings, variables)] as const;
      }),
    );
  }

  /** The long-running services: those that a queue scales, then the single ones. */
  #run(props: CryptoBacktestStackProps, around: Surroundings, tasks: Tasks): ecs.FargateService[] {
    const isWorker = ({ run }: ServiceManifest) => run.kind === "worker";
    const inOrder = [...tasks].sort(([a], [b]) => Number(isWorker(b)) - Number(isWorker(a)));
    return inOrder
      .map(([manifest, task]) => runTask(this, manifest, around, settingsOf(props, manifest), task))
      .flatMap(({ service }) => service ?? []);
  }
}

function settingsOf({ settings }: CryptoBacktestStackProps, { name }: ServiceManifest): ServiceSettings {
  const found = settings.services[name];
  if (found === undefined) throw new Error(`no settings for the ${name}`);
  return found;
}

/**
 * Behind a NAT gateway all tasks share one IP address and its Bybit limit: each task gets an equal share, as if the
 * maximum number of tasks ran. A rate given as context takes precedence.
 */
function sharedAddressVariables(props: CryptoBacktestStackProps): Variables {
  if (props.settings.egress !== "nat") return {};
  const tasks = props.manifests
    .filter(callsExchange)
    .reduce((sum, manifest) => sum + settingsOf(props, manifest).maxTasks, 0);
  return {
    BYBIT_REQUESTS_PER_SECOND: String(Math.max(1, Math.floor(BYBIT_CALLS_PER_SECOND_AND_ADDRESS / tasks))),
  };
}
