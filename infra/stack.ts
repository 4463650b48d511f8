import { CfnOutput, Duration, Stack, type StackProps, Tags } from "aws-cdk-lib/core";
import type { Construct } from "constructs";
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
import { QueueScaling } from "#infra/constructs/service/queue-scaling.ts";
import { ServiceTask } from "#infra/constructs/service/service-task.ts";
import { TaskSchedule } from "#infra/constructs/service/task-schedule.ts";
import { WorkerService } from "#infra/constructs/service/worker-service.ts";
import { brokerHealthCheck } from "#infra/health-check.ts";
import { Images } from "#infra/images.ts";
import { PREFIX, type ServiceName } from "#libs/contracts/names.ts";
import { BACKTEST_TASKS, TRADING_SIGNALS } from "#libs/contracts/queues.ts";

export interface CryptoBacktestStackProps extends StackProps {
  readonly settings: Settings;
  readonly variables: Readonly<Record<ServiceName, Variables>>;
  readonly codeVersion: string;
}

/** Calls a second that Bybit allows for one address (600 in 5 s), with a margin. */
const BYBIT_CALLS_PER_SECOND_AND_ADDRESS = 100;

/** The whole system in one stack. */
export class CryptoBacktestStack extends Stack {
  constructor(scope: Construct, id: string, props: CryptoBacktestStackProps) {
    super(scope, id, props);
    const { settings } = props;
    Tags.of(this).add("project", PREFIX);

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
      codeVersion: props.codeVersion,
    });
    const { logRetentionDays } = settings;
    const shared = { cluster, logRetentionDays };
    const callsVariable = sharedAddressVariables(settings);

    const scanner = new ServiceTask(this, "Scanner", {
      ...shared,
      service: "scanner",
      image: images.of("scanner"),
      cpu: settings.scannerCpu,
      memoryMiB: settings.scannerMemoryMiB,
      variables: { ...callsVariable, ...props.variables.scanner },
    });
    scanner.useBroker(broker);
    scanner.useTable(tables.scanHistory, {
      variable: "SCAN_HISTORY_TABLE",
      actions: ["GetItem", "PutItem", "UpdateItem"],
    });

    const analyzer = new ServiceTask(this, "Analyzer", {
      ...shared,
      service: "analyzer",
      image: images.of("analyzer"),
      cpu: settings.analyzerCpu,
      memoryMiB: settings.analyzerMemoryMiB,
      variables: { ...callsVariable, ...props.variables.analyzer },
      healthCheck: brokerHealthCheck(),
    });
    analyzer.useBroker(broker);
    analyzer.useTable(tables.results, {
      variable: "RESULTS_TABLE",
      actions: ["GetItem", "PutItem", "UpdateItem"],
    });
    analyzer.useTable(tables.scanHistory, {
      variable: "SCAN_HISTORY_TABLE",
      actions: ["GetItem", "UpdateItem"],
    });
    analyzer.allowScaleInProtection();

    const selector = new ServiceTask(this, "Selector", {
      ...shared,
      service: "selector",
      image: images.of("selector"),
      cpu: settings.selectorCpu,
      memoryMiB: settings.selectorMemoryMiB,
      variables: {
        ...(settings.selectorMode === "service" ? { RUN_EVERY_SECONDS: "60" } : {}),
        ...props.variables.selector,
      },
    });
    selector.useBroker(broker);
    selector.useTable(tables.results, {
      variable: "RESULTS_TABLE",
      actions: ["Query", "BatchGetItem"],
      indexes: ["StatusIndex"],
    });
    selector.useTable(tables.scanHistory, {
      variable: "SCAN_HISTORY_TABLE",
      actions: ["GetItem", "PutItem"],
    });

    const finder = new ServiceTask(this, "Finder", {
      ...shared,
      service: "finder",
      image: images.of("finder"),
      cpu: settings.finderCpu,
      memoryMiB: settings.finderMemoryMiB,
      variables: { ...callsVariable, ...props.variables.finder },
      healthCheck: brokerHealthCheck(),
    });
    finder.useBroker(broker);
    finder.useTable(tables.positions, {
      variable: "POSITIONS_TABLE",
      actions: ["GetItem", "PutItem"],
    });
    finder.allowScaleInProtection();

    const place = { cluster, network, capacity };
    const analyzers = new WorkerService(this, "AnalyzerService", {
      ...place,
      task: analyzer,
      spot: settings.spot !== "none",
    });
    const spot = settings.spot === "all";
    const finders = new WorkerService(this, "FinderService", { ...place, task: finder, spot });
    const workers = [analyzers.service, finders.service];
    new QueueScaling(this, "AnalyzerScaling", {
      cluster,
      service: analyzers.service,
      queueName: BACKTEST_TASKS.name,
      minTasks: settings.analyzerMinTasks,
      maxTasks: settings.analyzerMaxTasks,
      messagesPerTask: settings.analyzerMessagesPerTask,
      oldestMessageAgeSeconds: 300,
    });
    new QueueScaling(this, "FinderScaling", {
      cluster,
      service: finders.service,
      queueName: TRADING_SIGNALS.name,
      minTasks: settings.finderMinTasks,
      maxTasks: settings.finderMaxTasks,
      messagesPerTask: settings.finderMessagesPerTask,
      oldestMessageAgeSeconds: 30,
    });

    new TaskSchedule(this, "ScannerSchedule", {
      ...place,
      task: scanner,
      every: Duration.hours(1),
      giveUpAfter: Duration.minutes(30),
    });
    if (settings.selectorMode === "schedule") {
      new TaskSchedule(this, "SelectorSchedule", {
        ...place,
        task: selector,
        spot,
        every: Duration.minutes(1),
        giveUpAfter: Duration.minutes(1),
      });
    } else {
      const selectors = new WorkerService(this, "SelectorService", {
        ...place,
        task: selector,
        spot,
        single: true,
      });
      workers.push(selectors.service);
    }

    const notices = new Notices(this, "Notices", settings.alarmEmail);
    const taskFailures = new TaskFailures(this, "TaskFailures", shared);
    const services = [scanner, analyzer, selector, finder];
    const alarms = new Alarms(this, "Alarms", { notices, services, tables, broker, taskFailures });
    const dashboard = new Dashboard(this, "Dashboard", {
      alarms,
      services,
      workers,
      tables,
      broker,
      taskFailures,
    });
    new MonthlyBudget(this, "Budget", { notices, limitUsd: settings.budgetUsd });

    const output = (name: string, description: string, value: string) =>
      new CfnOutput(this, name, { description, value });
    output("ClusterName", "Cluster of all services", cluster.clusterName);
    output("AlarmTopic", "Alarms and budget notices: subscribe here", notices.topic.topicArn);
    output(
      "DashboardAddress",
      "Dashboard",
      `https://${this.region}.console.aws.amazon.com/cloudwatch/home?region=${this.region}#dashboards:name=${dashboard.name}`,
    );
    output("BrokerConsole", "RabbitMQ's console, from inside the VPC only", broker.consoleUrl);
    output("BrokerCredentials", "Secret with the broker's user", broker.credentials.secretArn);
  }
}

/**
 * Behind a NAT gateway all tasks share one address, and Bybit's limit with it: each gets its part of the
 * whole, as if all of them ran. A rate given as context wins.
 */
function sharedAddressVariables(settings: Settings): Variables {
  if (settings.egress !== "nat") return {};
  const tasks = settings.analyzerMaxTasks + settings.finderMaxTasks + 1;
  return {
    BYBIT_REQUESTS_PER_SECOND: String(Math.max(1, Math.floor(BYBIT_CALLS_PER_SECOND_AND_ADDRESS / tasks))),
  };
}
