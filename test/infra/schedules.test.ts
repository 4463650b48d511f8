import { Match, type Template } from "aws-cdk-lib/assertions";
import { describe, expect, it } from "vitest";
import type { ServiceName } from "#services/manifests.ts";
import { makeTemplate, named } from "#test/infra/synthesized.ts";

const template = makeTemplate();

function expectSchedule(of: Template, service: ServiceName, expression: string): void {
  const task = named(of, "AWS::ECS::TaskDefinition", "Family", `crypto-backtest-${service}`);
  of.hasResourceProperties("AWS::Scheduler::Schedule", {
    Name: `crypto-backtest-${service}-schedule`,
    ScheduleExpression: expression,
    State: "ENABLED",
    FlexibleTimeWindow: { Mode: "OFF" },
    Target: Match.objectLike({
      EcsParameters: Match.objectLike({
        LaunchType: "FARGATE",
        TaskDefinitionArn: { Ref: task.id },
        NetworkConfiguration: { AwsvpcConfiguration: Match.objectLike({ AssignPublicIp: "ENABLED" }) },
      }),
    }),
  });
}

describe("schedules", () => {
  it("run the scanner each hour and the selector each minute", () => {
    template.resourceCountIs("AWS::Scheduler::Schedule", 2);
    expectSchedule(template, "scanner", "rate(1 hour)");
    expectSchedule(template, "selector", "rate(1 minute)");
  });

  it("start the selector, not the hourly scanner, on Spot when all may run there", () => {
    const spot = makeTemplate({ spot: "all" });
    const parameters = (service: ServiceName) =>
      JSON.stringify(
        named(spot, "AWS::Scheduler::Schedule", "Name", `crypto-backtest-${service}-schedule`).properties
          .Target,
      );
    expect(parameters("selector")).toContain('"CapacityProvider":"FARGATE_SPOT"');
    expect(parameters("selector")).not.toContain("LaunchType");
    expect(parameters("scanner")).toContain('"LaunchType":"FARGATE"');
  });

  it("give a failed start up before the next one piles on it", () => {
    const retry = (service: ServiceName) =>
      named(template, "AWS::Scheduler::Schedule", "Name", `crypto-backtest-${service}-schedule`).properties
        .Target;
    expect(retry("scanner")).toMatchObject({ RetryPolicy: { MaximumEventAgeInSeconds: 1800 } });
    expect(retry("selector")).toMatchObject({ RetryPolicy: { MaximumEventAgeInSeconds: 60 } });
  });

  it("start their own task only, each with a role of its own", () => {
    for (const service of ["scanner", "selector"] as const) {
      const task = named(template, "AWS::ECS::TaskDefinition", "Family", `crypto-backtest-${service}`);
      template.hasResourceProperties("AWS::IAM::Policy", {
        PolicyDocument: Match.objectLike({
          Statement: Match.arrayWith([
            Match.objectLike({ Action: "ecs:RunTask", Resource: { Ref: task.id } }),
          ]),
        }),
      });
    }
    const starters = template.findResources("AWS::IAM::Policy", {
      Properties: {
        PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: "ecs:RunTask" })]) },
      },
    });
    expect(Object.keys(starters)).toHaveLength(2);
  });
});

describe("selectorMode service", () => {
  const staying = makeTemplate({ selectorMode: "service" });

  it("has a selector that stays, never two, in the schedule's place", () => {
    staying.resourceCountIs("AWS::Scheduler::Schedule", 1);
    expectSchedule(staying, "scanner", "rate(1 hour)");
    staying.hasResourceProperties("AWS::ECS::Service", {
      ServiceName: "crypto-backtest-selector",
      DeploymentConfiguration: Match.objectLike({ MinimumHealthyPercent: 0, MaximumPercent: 100 }),
    });
    staying.hasResourceProperties("AWS::ECS::TaskDefinition", {
      Family: "crypto-backtest-selector",
      ContainerDefinitions: [
        Match.objectLike({ Environment: Match.arrayWith([{ Name: "RUN_EVERY_SECONDS", Value: "60" }]) }),
      ],
    });
  });
});
