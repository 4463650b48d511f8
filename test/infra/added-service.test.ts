import { Match } from "aws-cdk-lib/assertions";
import { describe, expect, it } from "vitest";
import { programsOf } from "#infra/build/programs.ts";
import { parseSettings, settingNames } from "#infra/config/settings.ts";
import { variablesFromContext } from "#infra/config/variables.ts";
import { costTable } from "#infra/cost/cost-table.ts";
import { estimate } from "#infra/cost/estimate.ts";
import { readPrices } from "#infra/cost/prices.ts";
import { USAGE } from "#infra/cost/usage.ts";
import { MANIFESTS } from "#services/manifests.ts";
import type { ServiceManifest } from "#services/shared/manifest.ts";
import { COURIER } from "#test/fixtures/services/courier/manifest.ts";
import { grantsOf } from "#test/infra/grants-of.ts";
import { makeTemplate, named } from "#test/infra/synthesized.ts";
import { expectedComposeService } from "#test/support/compose-file.ts";

/** The list of all services with one line more. */
const manifests: readonly ServiceManifest[] = [...MANIFESTS, COURIER];
const template = makeTemplate({}, manifests);

describe("a service that is one folder and one line of the list", () => {
  it("has a task definition of its size, with its variables and its own log group", () => {
    template.hasResourceProperties("AWS::Logs::LogGroup", { LogGroupName: "/ecs/crypto-backtest-courier" });
    template.hasResourceProperties("AWS::ECS::TaskDefinition", {
      Family: "crypto-backtest-courier",
      Cpu: "512",
      Memory: "1024",
      ContainerDefinitions: [
        Match.objectLike({
          Name: "courier",
          StopTimeout: 60,
          HealthCheck: Match.objectLike({ Command: ["CMD", "node", "/app/health.mjs"] }),
          Environment: Match.arrayWith([
            Match.objectLike({ Name: "RABBITMQ_PORT" }),
            Match.objectLike({ Name: "POSITIONS_TABLE" }),
          ]),
        }),
      ],
    });
  });

  it("runs once, never twice, and nothing scales it", () => {
    template.hasResourceProperties("AWS::ECS::Service", {
      ServiceName: "crypto-backtest-courier",
      DeploymentConfiguration: Match.objectLike({ MinimumHealthyPercent: 0, MaximumPercent: 100 }),
      CapacityProviderStrategy: [{ CapacityProvider: "FARGATE", Weight: 1 }],
    });
    template.resourceCountIs("AWS::ApplicationAutoScaling::ScalableTarget", 2);
  });

  it("may do what its manifest says, and nothing more", () => {
    expect(grantsOf("courier", template)).toEqual([
      "dynamodb:Query on crypto-backtest-trading-positions/index/ConfidenceIndex",
      "dynamodb:UpdateItem on crypto-backtest-trading-positions",
    ]);
  });

  it("has its alarms: errors, silence, the queue that it consumes, bans by the exchange", () => {
    const alarm = (name: string) =>
      named(template, "AWS::CloudWatch::Alarm", "AlarmName", `crypto-backtest-${name}`).properties;
    expect(alarm("courier-errors")).toMatchObject({ MetricName: "Errors-courier", Threshold: 2 });
    expect(alarm("courier-silent")).toMatchObject({
      Namespace: "AWS/Logs",
      MetricName: "IncomingLogEvents",
      Dimensions: [{ Name: "LogGroupName", Value: "/ecs/crypto-backtest-courier" }],
      Period: 600,
      ComparisonOperator: "LessThanThreshold",
      TreatMissingData: "breaching",
    });
    expect(alarm("parcels-oldest-message")).toMatchObject({ Threshold: 20 });
    expect(alarm("parcels-dead-letters").AlarmDescription).toContain("the courier's log");
    expect(JSON.stringify(alarm("exchange-ban"))).toContain("FILL(courier, 0)");
  });

  it("is on the dashboard", () => {
    const body = JSON.stringify(template.findResources("AWS::CloudWatch::Dashboard"));
    for (const shown of ["Errors-courier", "CourierLogs", "CourierService"]) expect(body).toContain(shown);
  });

  it("takes its size and its variables from the context", () => {
    expect(settingNames(manifests)).toContain("courierMemoryMiB");
    const { services } = parseSettings({ courierMemoryMiB: "2048" }, manifests);
    expect(services.courier).toMatchObject({ cpu: 512, memoryMiB: 2048 });
    expect(() => parseSettings({ courierMemoryMiB: "512" }, manifests)).toThrow(/courierMemoryMiB: with 512/);
    expect(variablesFromContext({ POSITION_SIZE: "50" }, manifests).courier).toEqual({ POSITION_SIZE: "50" });
    expect(() => variablesFromContext({ POSITION_SIZE: "0" }, manifests)).toThrow(/courier: .*POSITION_SIZE/);
  });

  it("shares the address behind a NAT gateway", () => {
    const nat = makeTemplate({ egress: "nat" }, manifests);
    // 100 calls a second for ten analyzers, five finders, one scanner and this one.
    nat.hasResourceProperties("AWS::ECS::TaskDefinition", {
      Family: "crypto-backtest-courier",
      ContainerDefinitions: [
        Match.objectLike({
          Environment: Match.arrayWith([{ Name: "BYBIT_REQUESTS_PER_SECOND", Value: "5" }]),
        }),
      ],
    });
  });

  it("is in the cost table, by its size", () => {
    const lines = estimate(JSON.parse(JSON.stringify(template.toJSON())), readPrices(), USAGE, manifests);
    expect(costTable(lines, readPrices())).toMatch(
      /\| Fargate crypto-backtest-courier \| 1 task of 0\.5 vCPU, 1 GB \|/,
    );
  });

  it("is bundled, and built from the shared Dockerfile with its name as the argument", () => {
    expect(programsOf(manifests)).toMatchObject({ courier: "services/courier/main.ts" });
    const { build, command } = expectedComposeService(COURIER);
    expect(build).toEqual({
      context: ".",
      dockerfile: "infra/images/Dockerfile",
      args: { SERVICE: "courier" },
    });
    expect(command).toEqual(["node", "--env-file-if-exists=/run/market/env", "/app/service.mjs"]);
  });

  it("is asked of the compose file with its variables, dependencies and time to stop", () => {
    expect(expectedComposeService(COURIER)).toMatchObject({
      image: "crypto-backtest-courier",
      init: true,
      stop_grace_period: "60s",
      mem_limit: "256m",
      environment: { POSITION_SIZE: expect.stringContaining("POSITION_SIZE:-"), RABBITMQ_HOST: "rabbitmq" },
      depends_on: {
        rabbitmq: { condition: "service_healthy" },
        simulator: { condition: "service_healthy", required: false },
      },
    });
  });
});
