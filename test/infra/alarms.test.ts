import { Match } from "aws-cdk-lib/assertions";
import { describe, expect, it } from "vitest";
import { makeTemplate } from "#test/infra/synthesized.ts";

const template = makeTemplate();
const topic = { Ref: Match.stringLikeRegexp("^NoticesTopic") };

const alarm = (name: string, properties: Record<string, unknown>) =>
  template.hasResourceProperties("AWS::CloudWatch::Alarm", {
    AlarmName: `crypto-backtest-${name}`,
    AlarmActions: [topic],
    OKActions: [topic],
    ...properties,
  });

describe("alarms", () => {
  it.each(["scanner", "analyzer", "selector", "finder"])(
    "errors of the %s are counted in its log",
    (service) => {
      template.hasResourceProperties("AWS::Logs::MetricFilter", {
        FilterPattern: '{ ($.level = "error") || ($.level = "fatal") }',
        LogGroupName: {
          Ref: Match.stringLikeRegexp(`^${service.charAt(0).toUpperCase()}${service.slice(1)}Logs`),
        },
        MetricTransformations: [
          Match.objectLike({ MetricName: `Errors-${service}`, MetricNamespace: "CryptoBacktest" }),
        ],
      });
      alarm(`${service}-errors`, {
        MetricName: `Errors-${service}`,
        Threshold: 5,
        TreatMissingData: "notBreaching",
      });
    },
  );

  it("no finished scan in 70 minutes, nor any word of one", () => {
    alarm("no-finished-scan", {
      MetricName: "FinishedScanAge",
      Namespace: "CryptoBacktest",
      Threshold: 70 * 60,
      ComparisonOperator: "GreaterThanThreshold",
      TreatMissingData: "breaching",
    });
  });

  it.each([
    ["backtest-tasks", 1800],
    ["trading-signals", 45],
  ])("oldest message and dead letters of %s", (queue, seconds) => {
    const Dimensions = [{ Name: "Queue", Value: queue }];
    alarm(`${queue}-oldest-message`, { MetricName: "OldestMessageAge", Dimensions, Threshold: seconds });
    alarm(`${queue}-dead-letters`, { MetricName: "DeadLetters", Dimensions, Threshold: 1 });
  });

  it.each(["results", "trading-positions", "scan-history"])("throttled writes of %s", (table) => {
    alarm(`${table}-throttled-writes`, {
      Namespace: "AWS/DynamoDB",
      MetricName: "WriteThrottleEvents",
      Dimensions: [{ Name: "TableName", Value: `crypto-backtest-${table}` }],
    });
  });

  it("the broker's memory, in percent of its limit, and its connections", () => {
    alarm("broker-memory", {
      Threshold: 80,
      Metrics: Match.arrayWith([
        Match.objectLike({ Expression: "100 * used / limit" }),
        Match.objectLike({
          MetricStat: Match.objectLike({
            Metric: {
              Namespace: "AWS/AmazonMQ",
              MetricName: "RabbitMQMemUsed",
              Dimensions: [{ Name: "Broker", Value: "crypto-backtest-broker" }],
            },
          }),
        }),
      ]),
    });
    alarm("broker-connections", { MetricName: "ConnectionCount", Threshold: 80 });
  });

  it("a ban by the exchange, of whichever service", () => {
    alarm("exchange-ban", {
      Threshold: 1,
      TreatMissingData: "notBreaching",
      Metrics: Match.arrayWith([
        Match.objectLike({
          Expression: "FILL(scanner, 0) + FILL(analyzer, 0) + FILL(finder, 0) + FILL(executor, 0)",
        }),
        ...["scanner", "analyzer", "finder", "executor"].map((service) =>
          Match.objectLike({
            Id: service,
            MetricStat: Match.objectLike({
              Metric: {
                Namespace: "CryptoBacktest",
                MetricName: "ExchangeBans",
                Dimensions: [{ Name: "Service", Value: service }],
              },
              Stat: "Sum",
            }),
          }),
        ),
      ]),
    });
  });

  it("tasks that failed or did not start, whose reasons are kept", () => {
    alarm("task-restarts", {
      Namespace: "AWS/Events",
      MetricName: "Invocations",
      Dimensions: [{ Name: "RuleName", Value: "crypto-backtest-task-failures" }],
    });
    template.hasResourceProperties("AWS::Events::Rule", {
      Name: "crypto-backtest-task-failures",
      EventPattern: {
        source: ["aws.ecs"],
        "detail-type": ["ECS Task State Change"],
        detail: {
          clusterArn: [Match.anyValue()],
          lastStatus: ["STOPPED"],
          $or: [{ containers: { exitCode: [{ "anything-but": 0 }] } }, { stopCode: ["TaskFailedToStart"] }],
        },
      },
    });
    template.hasResourceProperties("AWS::Logs::LogGroup", {
      LogGroupName: "/aws/events/crypto-backtest-task-failures",
    });
    template.resourceCountIs("AWS::Logs::ResourcePolicy", 1);
  });

  it("say what to look at", () => {
    for (const { Properties } of Object.values(template.findResources("AWS::CloudWatch::Alarm"))) {
      expect(String(Properties.AlarmDescription).length).toBeGreaterThan(20);
    }
  });
});

describe("notices", () => {
  it("may come from alarms and budgets of this account", () => {
    for (const service of ["cloudwatch", "budgets"]) {
      template.hasResourceProperties("AWS::SNS::TopicPolicy", {
        PolicyDocument: Match.objectLike({
          Statement: Match.arrayWith([
            Match.objectLike({
              Action: "sns:Publish",
              Effect: "Allow",
              Principal: { Service: `${service}.amazonaws.com` },
              Condition: { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } },
            }),
          ]),
        }),
      });
    }
  });

  it("go to the e-mail address that was given, or to none", () => {
    template.resourceCountIs("AWS::SNS::Subscription", 0);
    makeTemplate({ alarmEmail: "ops@example.com" }).hasResourceProperties("AWS::SNS::Subscription", {
      Protocol: "email",
      Endpoint: "ops@example.com",
    });
  });

  it("tell of money spent and foreseen", () => {
    const notice = (type: string, threshold: number) =>
      Match.objectLike({
        Notification: Match.objectLike({ NotificationType: type, Threshold: threshold }),
        Subscribers: [{ SubscriptionType: "SNS", Address: topic }],
      });
    makeTemplate({ budgetUsd: "90" }).hasResourceProperties("AWS::Budgets::Budget", {
      Budget: Match.objectLike({ TimeUnit: "MONTHLY", BudgetLimit: { Amount: 90, Unit: "USD" } }),
      NotificationsWithSubscribers: [notice("ACTUAL", 80), notice("FORECASTED", 100)],
    });
  });
});

describe("dashboard", () => {
  it("is one, and shows queues, tasks, broker, tables and alarms", () => {
    template.resourceCountIs("AWS::CloudWatch::Dashboard", 1);
    template.hasResourceProperties("AWS::CloudWatch::Dashboard", { DashboardName: "crypto-backtest" });
    const body = JSON.stringify(template.findResources("AWS::CloudWatch::Dashboard"));
    for (const shown of [
      "QueueDepth",
      "OldestMessageAge",
      "DeadLetters",
      "FinishedScanAge",
      "SampleCount",
      "RabbitMQMemUsed",
      "WriteThrottleEvents",
      "Errors-analyzer",
      "SEARCH('{CryptoBacktest,Service}', 'Sum', 300)",
    ]) {
      expect(body).toContain(shown);
    }
  });
});
