import { App, Validations } from "aws-cdk-lib/core";
import { AwsSolutionsChecks } from "cdk-nag";
import { describe, expect, it } from "vitest";
import { makeStack } from "#test/infra/synthesized.ts";

const VARIANTS = [
  {},
  { egress: "nat" },
  { selectorMode: "service" },
  { images: "ecr", spot: "all", containerInsights: "disabled", alarmEmail: "ops@example.com" },
];

describe.each(VARIANTS)("stack with context %j", (context) => {
  const stack = makeStack(context);
  const root = stack.node.root;
  if (!(root instanceof App)) throw new Error("the stack is in no app");
  const { manifest } = root.synth();

  it("has no open finding of cdk-nag's AwsSolutions", () => {
    const report = new AwsSolutionsChecks(stack).validateScope(stack);
    expect(report.violations.map((violation) => violation.ruleName)).toEqual([]);
    expect(report.success).toBe(true);
  });

  it("looks nothing up: it names no account and no region", () => {
    expect(manifest.missing ?? []).toEqual([]);
    expect(manifest.artifacts?.["crypto-backtest"]?.environment).toBe("aws://unknown-account/unknown-region");
  });
});

describe("acknowledged findings of cdk-nag", () => {
  it("each have a reason in words", () => {
    const reasons = makeStack()
      .node.findAll()
      .flatMap((node) => node.node.metadata)
      .filter((entry) => entry.type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap((entry) => Object.entries(entry.data))
      .filter(([rule]) => rule.includes("AwsSolutions"));
    expect(new Set(reasons.map(([rule]) => rule.replace(/.*AwsSolutions-|\[.*/g, "")))).toEqual(
      new Set(["SMG4", "ECS2", "IAM5"]),
    );
    for (const [, reason] of reasons) expect(String(reason).split(" ").length).toBeGreaterThan(8);
  });
});
