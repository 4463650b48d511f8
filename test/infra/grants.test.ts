import { describe, expect, it } from "vitest";
import { SERVICES } from "#services/manifests.ts";
import { grantsOf } from "#test/infra/grants-of.ts";
import { makeTemplate } from "#test/infra/synthesized.ts";

const template = makeTemplate();

const PROTECTION = [
  "ecs:GetTaskProtection on arn:AWS::Partition:ecs:AWS::Region:AWS::AccountId:task/crypto-backtest-cluster/*",
  "ecs:UpdateTaskProtection on arn:AWS::Partition:ecs:AWS::Region:AWS::AccountId:task/crypto-backtest-cluster/*",
];

describe("what each task role may do, and nothing more", () => {
  it("scanner: take the scan's lease, store the universe", () => {
    expect(grantsOf("scanner")).toEqual([
      "dynamodb:GetItem on crypto-backtest-scan-history",
      "dynamodb:PutItem on crypto-backtest-scan-history",
      "dynamodb:UpdateItem on crypto-backtest-scan-history",
    ]);
  });

  it("analyzer: see what the scan takes, record results, count the scan's progress, store its pulse, protect itself from scale-in", () => {
    expect(grantsOf("analyzer")).toEqual([
      "dynamodb:GetItem on crypto-backtest-results",
      "dynamodb:GetItem on crypto-backtest-scan-history",
      "dynamodb:PutItem on crypto-backtest-results",
      "dynamodb:PutItem on crypto-backtest-scan-history",
      "dynamodb:UpdateItem on crypto-backtest-results",
      "dynamodb:UpdateItem on crypto-backtest-scan-history",
      ...PROTECTION,
    ]);
  });

  it("selector: query one index, take the minute's lease, look at the last scans, store selection and pulse", () => {
    expect(grantsOf("selector")).toEqual([
      "dynamodb:BatchGetItem on crypto-backtest-results",
      "dynamodb:GetItem on crypto-backtest-scan-history",
      "dynamodb:PutItem on crypto-backtest-scan-history",
      "dynamodb:Query on crypto-backtest-results/index/StatusIndex",
    ]);
  });

  it("finder: record signals, store positions and its pulse, protect itself from scale-in", () => {
    expect(grantsOf("finder")).toEqual([
      "dynamodb:GetItem on crypto-backtest-signals",
      "dynamodb:GetItem on crypto-backtest-trading-positions",
      "dynamodb:PutItem on crypto-backtest-scan-history",
      "dynamodb:PutItem on crypto-backtest-signals",
      "dynamodb:PutItem on crypto-backtest-trading-positions",
      "dynamodb:UpdateItem on crypto-backtest-scan-history",
      ...PROTECTION,
    ]);
  });

  it("executor: query the open signals, store outcomes", () => {
    expect(grantsOf("executor")).toEqual([
      "dynamodb:Query on crypto-backtest-signals/index/OpenIndex",
      "dynamodb:UpdateItem on crypto-backtest-signals",
    ]);
  });

  it("no task role holds a wildcard but for the ids of the cluster's tasks", () => {
    const wild = SERVICES.flatMap((service) => grantsOf(service)).filter((grant) => grant.includes("*"));
    expect(new Set(wild)).toEqual(new Set(PROTECTION));
  });

  it("task roles are taken by ECS of this account only", () => {
    const roles = Object.values(template.findResources("AWS::IAM::Role")).filter((role) =>
      String(role.Properties.Description).startsWith("Permissions of the "),
    );
    expect(roles).toHaveLength(SERVICES.length);
    for (const role of roles) {
      expect(role.Properties.AssumeRolePolicyDocument.Statement[0]).toMatchObject({
        Principal: { Service: "ecs-tasks.amazonaws.com" },
        Condition: { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } },
      });
    }
  });
});
