import { describe, expect, it } from "vitest";
import { SERVICES, type ServiceName } from "#libs/contracts/names.ts";
import { makeTemplate, named } from "#test/infra/synthesized.ts";

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

const template = makeTemplate();

/** What a service's task role may do, as `action on resource`, sorted. */
function grantsOf(service: ServiceName): string[] {
  const task = named(template, "AWS::ECS::TaskDefinition", "Family", `crypto-backtest-${service}`);
  const role = JSON.stringify(task.properties.TaskRoleArn).match(/GetAtt":\["(\w+)"/)?.[1];
  const policies = Object.values(template.findResources("AWS::IAM::Policy")).filter((policy) =>
    JSON.stringify(policy.Properties.Roles).includes(`"${role}"`),
  );
  expect(policies).toHaveLength(1);
  // The shape of a policy document, as IAM documents it.
  const statements = policies.flatMap((policy) => policy.Properties.PolicyDocument.Statement as Statement[]);
  return statements
    .flatMap((statement) =>
      [statement.Action].flat().map((action) => `${action} on ${readable(statement.Resource)}`),
    )
    .sort();
}

/** A resource as text: tables by name, joined parts put together. */
function readable(resource: unknown): string {
  if (typeof resource === "string") return resource;
  if (Array.isArray(resource)) return resource.map(readable).join(" and ");
  const { Ref, "Fn::GetAtt": attribute, "Fn::Join": join } = resource as Record<string, unknown>;
  if (typeof Ref === "string") return nameOf(Ref);
  if (Array.isArray(attribute)) return nameOf(String(attribute[0]));
  if (Array.isArray(join)) return (join[1] as unknown[]).map(readable).join("");
  throw new Error(`unreadable resource ${JSON.stringify(resource)}`);
}

function nameOf(id: string): string {
  const properties = template.toJSON().Resources[id]?.Properties;
  return properties?.TableName ?? properties?.ClusterName ?? id;
}

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

  it("analyzer: record results, count the scan's progress, protect itself from scale-in", () => {
    expect(grantsOf("analyzer")).toEqual([
      "dynamodb:PutItem on crypto-backtest-results",
      "dynamodb:UpdateItem on crypto-backtest-results",
      "dynamodb:UpdateItem on crypto-backtest-scan-history",
      ...PROTECTION,
    ]);
  });

  it("selector: query one index, take the minute's lease, look at the last scans", () => {
    expect(grantsOf("selector")).toEqual([
      "dynamodb:GetItem on crypto-backtest-scan-history",
      "dynamodb:PutItem on crypto-backtest-scan-history",
      "dynamodb:Query on crypto-backtest-results/index/StatusIndex",
    ]);
  });

  it("finder: store positions, protect itself from scale-in", () => {
    expect(grantsOf("finder")).toEqual([
      "dynamodb:GetItem on crypto-backtest-trading-positions",
      "dynamodb:PutItem on crypto-backtest-trading-positions",
      ...PROTECTION,
    ]);
  });

  it("no task role holds a wildcard but for the ids of the cluster's tasks", () => {
    const wild = SERVICES.flatMap(grantsOf).filter((grant) => grant.includes("*"));
    expect(new Set(wild)).toEqual(new Set(PROTECTION));
  });

  it("task roles are taken by ECS of this account only", () => {
    const roles = Object.values(template.findResources("AWS::IAM::Role")).filter((role) =>
      String(role.Properties.Description).startsWith("What the "),
    );
    expect(roles).toHaveLength(4);
    for (const role of roles) {
      expect(role.Properties.AssumeRolePolicyDocument.Statement[0]).toMatchObject({
        Principal: { Service: "ecs-tasks.amazonaws.com" },
        Condition: { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } },
      });
    }
  });
});
