import { Match } from "aws-cdk-lib/assertions";
import { describe, expect, it } from "vitest";
import { depthSteps } from "#infra/constructs/service/queue-scaling.ts";
import { makeTemplate } from "#test/infra/synthesized.ts";

const template = makeTemplate();

/** What a step policy answers to a metric that breaches its alarm by `value - threshold`. */
function capacityAt(policyName: string, overThreshold: number): number {
  const [policy] = Object.values(
    template.findResources("AWS::ApplicationAutoScaling::ScalingPolicy", {
      Properties: { PolicyName: policyName },
    }),
  );
  // The shape of a step, as CloudFormation documents it.
  const steps: {
    MetricIntervalLowerBound?: number;
    MetricIntervalUpperBound?: number;
    ScalingAdjustment: number;
  }[] = policy?.Properties.StepScalingPolicyConfiguration.StepAdjustments;
  const fitting = steps.filter(
    (step) =>
      overThreshold >= (step.MetricIntervalLowerBound ?? Number.NEGATIVE_INFINITY) &&
      overThreshold < (step.MetricIntervalUpperBound ?? Number.POSITIVE_INFINITY),
  );
  expect(fitting).toHaveLength(1);
  return fitting[0]?.ScalingAdjustment ?? Number.NaN;
}

describe("scaling on queue depth", () => {
  it.each([
    [0, 1],
    [1, 1],
    [30, 1],
    [31, 2],
    [150, 5],
    [270, 9],
    [271, 10],
    [100_000, 10],
  ])("%i waiting backtests have %i analyzers", (messages, tasks) => {
    expect(capacityAt("backtest-tasks-depth", messages)).toBe(tasks);
  });

  it.each([
    [0, 1],
    [10, 1],
    [11, 2],
    [41, 5],
    [1_000, 5],
  ])("%i waiting signals have %i finders", (messages, tasks) => {
    expect(capacityAt("trading-signals-depth", messages)).toBe(tasks);
  });

  it("sets the number outright, and is asked each minute that has data, zeros included", () => {
    for (const queue of ["backtest-tasks", "trading-signals"]) {
      template.hasResourceProperties("AWS::ApplicationAutoScaling::ScalingPolicy", {
        PolicyName: `${queue}-depth`,
        PolicyType: "StepScaling",
        StepScalingPolicyConfiguration: Match.objectLike({ AdjustmentType: "ExactCapacity" }),
      });
      template.hasResourceProperties("AWS::CloudWatch::Alarm", {
        Namespace: "CryptoBacktest",
        MetricName: "QueueDepth",
        Dimensions: [{ Name: "Queue", Value: queue }],
        Threshold: 0,
        ComparisonOperator: "GreaterThanOrEqualToThreshold",
        Period: 60,
        EvaluationPeriods: 1,
        TreatMissingData: "missing",
      });
    }
  });

  it("goes down to no task at all when that is the minimum", () => {
    expect(depthSteps({ minTasks: 0, maxTasks: 2, messagesPerTask: 10 })).toEqual([
      { fromMessages: 0, tasks: 0 },
      { fromMessages: 1, tasks: 1 },
      { fromMessages: 11, tasks: 2 },
    ]);
  });

  it("has one step when minimum and maximum agree", () => {
    expect(depthSteps({ minTasks: 3, maxTasks: 3, messagesPerTask: 10 })).toEqual([
      { fromMessages: 0, tasks: 3 },
    ]);
  });
});

describe("scaling on the age of the oldest message", () => {
  it("adds tasks, more of them when it is twice too old, and takes none away", () => {
    for (const [queue, seconds] of [
      ["backtest-tasks", 300],
      ["trading-signals", 30],
    ] as const) {
      template.hasResourceProperties("AWS::CloudWatch::Alarm", {
        MetricName: "OldestMessageAge",
        Dimensions: [{ Name: "Queue", Value: queue }],
        Threshold: seconds,
        AlarmDescription: Match.stringLikeRegexp("scaling"),
      });
      expect(capacityAt(`${queue}-age`, 0)).toBe(1);
      expect(capacityAt(`${queue}-age`, seconds)).toBe(2);
    }
  });
});

describe("messages a task is worth", () => {
  it("can be set", () => {
    expect(
      depthSteps({ minTasks: 1, maxTasks: 3, messagesPerTask: 5 }).map((step) => step.fromMessages),
    ).toEqual([0, 6, 11]);
  });
});

describe("bounds", () => {
  it("are 1 to 10 analyzers and 1 to 5 finders, or what the context says", () => {
    const bounds = (of: typeof template) =>
      Object.values(of.findResources("AWS::ApplicationAutoScaling::ScalableTarget"))
        .map(({ Properties }) => [Properties.MinCapacity, Properties.MaxCapacity])
        .sort();
    expect(bounds(template)).toEqual([
      [1, 10],
      [1, 5],
    ]);
    expect(bounds(makeTemplate({ analyzerMinTasks: 2, analyzerMaxTasks: 20, finderMaxTasks: 8 }))).toEqual([
      [1, 8],
      [2, 20],
    ]);
  });

  it("belong to the services by name", () => {
    const targets = JSON.stringify(template.findResources("AWS::ApplicationAutoScaling::ScalableTarget"));
    expect(targets).toContain("AnalyzerService");
    expect(targets).toContain("FinderService");
    template.allResourcesProperties("AWS::ApplicationAutoScaling::ScalableTarget", {
      ScalableDimension: "ecs:service:DesiredCount",
    });
  });
});
