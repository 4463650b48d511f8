import { describe, expect, it } from "vitest";
import { costTable } from "#infra/cost/cost-table.ts";
import { estimate } from "#infra/cost/estimate.ts";
import { readPrices } from "#infra/cost/prices.ts";
import { USAGE } from "#infra/cost/usage.ts";
import type { CloudFormationTemplate } from "#infra/emulator/reduce-template.ts";
import { MANIFESTS } from "#services/manifests.ts";
import { makeTemplate } from "#test/infra/synthesized.ts";

const prices = readPrices();

function templateWith(context: Record<string, string> = {}): CloudFormationTemplate {
  return JSON.parse(JSON.stringify(makeTemplate(context).toJSON()));
}

const byDefault = templateWith();
const linesOf = (template: CloudFormationTemplate, usage = USAGE) => estimate(template, prices, usage);
const usd = (template: CloudFormationTemplate, part: string, usage = USAGE) =>
  linesOf(template, usage).find((line) => line.part === part)?.usd;
const sum = (template: CloudFormationTemplate) => linesOf(template).reduce((all, line) => all + line.usd, 0);

describe("the cost of a month", () => {
  it("counts a task that stays by its size and the month's hours", () => {
    expect(usd(byDefault, "Fargate crypto-backtest-finder")).toBeCloseTo(
      730 * (0.25 * prices.fargateArmVcpuHour + 0.5 * prices.fargateArmGbHour),
      6,
    );
  });

  it("counts a task each minute as much as one that stays", () => {
    const part = "Fargate crypto-backtest-selector";
    const staying = templateWith({ selectorMode: "service" });
    expect(usd(byDefault, part)).toBeCloseTo(usd(staying, part) ?? Number.NaN, 6);
  });

  it("follows the smallest number of analyzers, and adds the bursts to it", () => {
    const part = "Fargate crypto-backtest-analyzer";
    const withBursts = (burstTaskMinutesPerHour: number) =>
      MANIFESTS.map((manifest) =>
        manifest.name === "analyzer"
          ? { ...manifest, run: { ...manifest.run, burstTaskMinutesPerHour } }
          : manifest,
      );
    const usdWith = (template: CloudFormationTemplate, burstMinutes: number) =>
      estimate(template, prices, USAGE, withBursts(burstMinutes)).find((line) => line.part === part)?.usd;
    const one = usdWith(byDefault, 0) ?? Number.NaN;
    expect(usdWith(templateWith({ analyzerMinTasks: "3" }), 0)).toBeCloseTo(3 * one, 6);
    expect(usdWith(byDefault, 60)).toBeCloseTo(2 * one, 6);
  });

  it("takes Spot's share of the price for what runs on Spot", () => {
    const part = "Fargate crypto-backtest-analyzer";
    const spot = usd(templateWith({ spot: "analyzers" }), part) ?? Number.NaN;
    expect(spot / (usd(byDefault, part) ?? Number.NaN)).toBeCloseTo(prices.fargateSpotShare, 6);
  });

  it("takes it for a schedule on Spot, too", () => {
    const part = "Fargate crypto-backtest-selector";
    const spot = usd(templateWith({ spot: "all" }), part) ?? Number.NaN;
    expect(spot / (usd(byDefault, part) ?? Number.NaN)).toBeCloseTo(prices.fargateSpotShare, 6);
  });

  it("has either public addresses or a NAT gateway", () => {
    const nat = templateWith({ egress: "nat" });
    expect(usd(byDefault, "NAT gateway")).toBeUndefined();
    expect(usd(byDefault, "Public IPv4 addresses")).toBeGreaterThan(0);
    expect(usd(nat, "Public IPv4 addresses")).toBeUndefined();
    expect(usd(nat, "NAT gateway")).toBeGreaterThan(730 * prices.natGatewayHour);
  });

  it("counts Container Insights by what is reported, and not at all without it", () => {
    expect(usd(byDefault, "Container Insights")).toBeCloseTo(
      (8 + 5 * 6 + 3 * 11) * prices.customMetricMonth,
      6,
    );
    expect(usd(templateWith({ containerInsights: "disabled" }), "Container Insights")).toBeUndefined();
  });

  it("counts fault metrics by the hours in which something went wrong", () => {
    const part = "Fault metrics";
    expect(usd(byDefault, part, { ...USAGE, faultMetricHours: 0 })).toBe(0);
    expect(usd(byDefault, part, { ...USAGE, faultMetricHours: 730 })).toBeCloseTo(
      prices.customMetricMonth,
      6,
    );
  });

  it("stays below that of the earlier system, and below $115 with the cheapest settings", () => {
    expect(sum(byDefault)).toBeLessThan(prices.otherSystemMonth);
    const cheap = templateWith({ spot: "all", selectorMode: "service", containerInsights: "disabled" });
    expect(sum(cheap)).toBeLessThan(115);
  });

  it("refuses a broker whose price it does not know", () => {
    expect(() => linesOf(templateWith({ brokerInstanceType: "mq.m7g.large" }))).toThrow(
      "no price for a broker of type mq.m7g.large",
    );
  });

  it("is a table with the sum of its rows", () => {
    const table = costTable(
      [
        { part: "a", how: "x", usd: 1.5 },
        { part: "b", how: "y", usd: 20 },
      ],
      prices,
    );
    expect(table.split("\n").slice(2, 5)).toEqual([
      "| b | y | $20.00 |",
      "| a | x | $1.50 |",
      `| **sum** | ${prices.region}, prices of ${prices.date} | **$21.50** |`,
    ]);
  });
});
