import { Match } from "aws-cdk-lib/assertions";
import { describe, expect, it } from "vitest";
import { MANIFESTS, type ServiceName } from "#services/manifests.ts";
import { makeTemplate, named } from "#test/infra/synthesized.ts";

const template = makeTemplate();
const pulled = makeTemplate({ images: "ecr", imageTag: "v1.2.3" });

interface Container {
  readonly Name: string;
  readonly Image: unknown;
  readonly Environment: readonly { Name: string; Value: unknown }[];
  readonly Secrets: readonly { Name: string; ValueFrom: unknown }[];
}

function containerOf(service: ServiceName, of = template): Container {
  const { properties } = named(of, "AWS::ECS::TaskDefinition", "Family", `crypto-backtest-${service}`);
  // The shape of an ECS container definition, as CloudFormation documents it.
  const [container] = properties.ContainerDefinitions as Container[];
  if (container === undefined) throw new Error(`${service} has no container`);
  return container;
}

describe("cluster", () => {
  it("has its name and Container Insights", () => {
    template.hasResourceProperties("AWS::ECS::Cluster", {
      ClusterName: "crypto-backtest-cluster",
      ClusterSettings: [{ Name: "containerInsights", Value: "enabled" }],
    });
  });

  it("may use Fargate and Spot before a service is made", () => {
    const [capacity] = Object.keys(
      template.findResources("AWS::ECS::ClusterCapacityProviderAssociations", {
        Properties: { CapacityProviders: ["FARGATE", "FARGATE_SPOT"] },
      }),
    );
    template.allResources("AWS::ECS::Service", { DependsOn: Match.arrayWith([capacity]) });
  });
});

describe.each(MANIFESTS)("task of the $name", ({ name: service, settings }) => {
  it("runs on ARM64 with a read-only root, stops in 120 s, and logs to its own group", () => {
    const logGroup = named(
      template,
      "AWS::Logs::LogGroup",
      "LogGroupName",
      `/ecs/crypto-backtest-${service}`,
    );
    expect(logGroup.properties.RetentionInDays).toBe(14);
    template.hasResourceProperties("AWS::ECS::TaskDefinition", {
      Family: `crypto-backtest-${service}`,
      RuntimePlatform: { CpuArchitecture: "ARM64", OperatingSystemFamily: "LINUX" },
      RequiresCompatibilities: ["FARGATE"],
      ContainerDefinitions: [
        Match.objectLike({
          Name: service,
          ReadonlyRootFilesystem: true,
          StopTimeout: 120,
          LogConfiguration: {
            LogDriver: "awslogs",
            Options: Match.objectLike({ "awslogs-group": { Ref: logGroup.id } }),
          },
        }),
      ],
    });
  });

  it("is given only variables that the service reads, and no secret among them", () => {
    const { Environment, Secrets = [] } = containerOf(service);
    const given = [...Environment, ...Secrets].map((variable) => variable.Name);
    expect(settings).toEqual(expect.arrayContaining(given));
    expect(new Set(given).size).toBe(given.length);
    const broker = new Set<string>(settings).has("RABBITMQ_HOST");
    expect(Environment.map((variable) => variable.Name)).toEqual(
      expect.arrayContaining(["AWS_REGION", ...(broker ? ["RABBITMQ_HOST", "RABBITMQ_PORT"] : [])]),
    );
    expect(Secrets.map((variable) => variable.Name)).toEqual(
      broker ? ["RABBITMQ_USER", "RABBITMQ_PASS"] : [],
    );
  });

  it("uses TLS if it uses the broker", () => {
    const ports = containerOf(service).Environment.filter(({ Name }) => Name === "RABBITMQ_PORT");
    expect(ports).toEqual(
      new Set<string>(settings).has("RABBITMQ_PORT") ? [{ Name: "RABBITMQ_PORT", Value: "5671" }] : [],
    );
  });

  it("is built from its own Dockerfile, or pulled from its repository", () => {
    expect(JSON.stringify(containerOf(service).Image)).toContain("container-assets");
    expect(JSON.stringify(containerOf(service, pulled).Image)).toMatch(
      new RegExp(`crypto-backtest-${service}:v1\\.2\\.3`),
    );
  });
});

describe("variables and sizes from context", () => {
  it("reach the task definitions", () => {
    const tuned = makeTemplate({
      MIN_WIN_RATE: "55",
      selectorCpu: "512",
      selectorMemoryMiB: "1024",
      logRetentionDays: "30",
    });
    tuned.hasResourceProperties("AWS::ECS::TaskDefinition", {
      Family: "crypto-backtest-selector",
      Cpu: "512",
      Memory: "1024",
      ContainerDefinitions: [
        Match.objectLike({ Environment: Match.arrayWith([{ Name: "MIN_WIN_RATE", Value: "55" }]) }),
      ],
    });
    tuned.hasResourceProperties("AWS::Logs::LogGroup", {
      LogGroupName: "/ecs/crypto-backtest-selector",
      RetentionInDays: 30,
    });
  });
});

describe("services", () => {
  it("are the executor, of which there are never two, and the analyzer and the finder, whose number no deployment resets", () => {
    template.resourceCountIs("AWS::ECS::Service", 3);
    template.hasResourceProperties("AWS::ECS::Service", {
      ServiceName: "crypto-backtest-executor",
      DesiredCount: Match.absent(),
      DeploymentConfiguration: Match.objectLike({ MaximumPercent: 100, MinimumHealthyPercent: 0 }),
    });
    for (const name of ["crypto-backtest-analyzer", "crypto-backtest-finder"]) {
      template.hasResourceProperties("AWS::ECS::Service", {
        ServiceName: name,
        DesiredCount: Match.absent(),
        CapacityProviderStrategy: [{ CapacityProvider: "FARGATE", Weight: 1 }],
        DeploymentConfiguration: Match.objectLike({
          DeploymentCircuitBreaker: { Enable: true, Rollback: true },
          MinimumHealthyPercent: 100,
        }),
      });
    }
  });

  it("notice a worker that has lost the broker for minutes", () => {
    for (const service of ["analyzer", "finder"]) {
      template.hasResourceProperties("AWS::ECS::TaskDefinition", {
        Family: `crypto-backtest-${service}`,
        ContainerDefinitions: [
          Match.objectLike({
            HealthCheck: Match.objectLike({ Command: ["CMD", "node", "/app/health.mjs"] }),
          }),
        ],
      });
    }
  });

  it.each([
    ["analyzers", ["FARGATE_SPOT", "FARGATE", "FARGATE"]],
    ["all", ["FARGATE_SPOT", "FARGATE_SPOT", "FARGATE_SPOT"]],
  ])("run on Spot as asked: %s", (spot, expected) => {
    const of = makeTemplate({ spot, selectorMode: "service" });
    const capacity = ["analyzer", "finder", "selector"].map(
      (name) =>
        named(of, "AWS::ECS::Service", "ServiceName", `crypto-backtest-${name}`).properties
          .CapacityProviderStrategy,
    );
    expect(capacity).toEqual(expected.map((CapacityProvider) => [{ CapacityProvider, Weight: 1 }]));
  });
});
