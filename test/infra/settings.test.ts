import { describe, expect, it } from "vitest";
import { parseSettings, SettingsError } from "#infra/config/settings.ts";

const problem = (context: Record<string, unknown>): string => {
  try {
    parseSettings(context);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  throw new Error("was taken");
};

describe("settings of the deployment", () => {
  it("have a default each, the cautious and cheap one", () => {
    expect(parseSettings({})).toMatchObject({
      egress: "none",
      images: "local",
      spot: "none",
      containerInsights: "enabled",
      brokerInstanceType: "mq.m7g.medium",
      services: {
        scanner: { cpu: 256, memoryMiB: 512, mode: "schedule" },
        analyzer: { minTasks: 1, maxTasks: 10, messagesPerTask: 30, mode: "service" },
        selector: { mode: "schedule" },
        finder: { minTasks: 1, maxTasks: 5, messagesPerTask: 10 },
      },
    });
  });

  it("are taken as text from the command line and as values from cdk.json", () => {
    const fromText = parseSettings({ analyzerMaxTasks: "4", logRetentionDays: "30" });
    const fromValues = parseSettings({ analyzerMaxTasks: 4, logRetentionDays: 30 });
    expect(fromText).toEqual(fromValues);
    expect(fromText).toMatchObject({ services: { analyzer: { maxTasks: 4 } }, logRetentionDays: 30 });
  });

  it("leave the CDK's own context and the services' variables alone", () => {
    const context = { "@aws-cdk/core:enablePartitionLiterals": true, "aws:cdk:x": 1, MIN_WIN_RATE: "50" };
    expect(parseSettings(context)).toEqual(parseSettings({}));
  });

  it.each([
    [{ egress: "yes" }, 'egress: expected none or nat (got "yes")'],
    [{ spot: "on" }, 'spot: expected none or analyzers or all (got "on")'],
    [{ analyzerMaxTasks: "0" }, 'analyzerMaxTasks: expected a whole number from 1 to 100 (got "0")'],
    [{ analyzerMaxTasks: "many" }, 'analyzerMaxTasks: expected a whole number from 1 to 100 (got "many")'],
    [{ analyzerMaxTasks: "2.5" }, "analyzerMaxTasks: expected a whole number"],
    [{ logRetentionDays: "10" }, "logRetentionDays: expected one of 1, 3, 5, 7, 14"],
    [{ analyzerCpu: 300 }, "analyzerCpu: expected one of 256, 512, 1024 (got 300)"],
    [
      { finderMemoryMiB: "4096" },
      "finderMemoryMiB: with 256 CPU units Fargate offers 512, 1024, 2048 MiB, not 4096",
    ],
    [{ finderMinTasks: 6 }, "finderMinTasks: is above finderMaxTasks (5)"],
    [{ brokerInstanceType: "m7g.medium" }, "brokerInstanceType: expected a type such as mq.m7g.medium"],
    [{ alarmEmail: "nobody" }, 'alarmEmail: expected an e-mail address (got "nobody")'],
    [{ imageTag: "a tag" }, "imageTag: expected an image tag"],
  ])("refuse %j", (context, message) => {
    expect(problem(context)).toContain(message);
  });

  it("refuse a mistyped name and say which there are", () => {
    expect(problem({ selectormode: "service" })).toMatch(/selectormode: unknown setting.*selectorMode/);
  });

  it("name everything that is wrong at once", () => {
    const message = problem({ egress: "yes", spot: "on", budget: 5 });
    for (const name of ["egress:", "spot:", "budget:"]) expect(message).toContain(name);
  });
});
