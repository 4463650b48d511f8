import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FAULTS } from "#libs/contracts/faults.ts";
import { logFault } from "#libs/runtime/fault-log.ts";
import { countedFaults, metricNames } from "#test/support/counted-faults.ts";

describe("the count of faults", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.UTC(2026, 0, 15) });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("writes nothing while all is well", () => {
    const { logger, counts, lines } = countedFaults();
    logger.warn({ reason: "a warning that is no fault" }, "careful");
    vi.advanceTimersByTime(3_600_000);
    expect(counts()).toEqual({});
    expect(lines()).toHaveLength(1);
  });

  it("becomes one line a minute in the embedded metric format, children's faults included", () => {
    const { logger, lines } = countedFaults();
    for (let i = 0; i < 3; i++)
      logFault(logger.child({ signalId: "a" }), FAULTS.messageRetried, { reason: "no" });
    logFault(logger, FAULTS.exchangeThrottles, { reason: "10006" });
    vi.advanceTimersByTime(59_000);
    expect(lines().filter((line) => "_aws" in line)).toEqual([]);
    vi.advanceTimersByTime(1_000);
    const [line] = lines().filter((one) => "_aws" in one);
    expect(line).toMatchObject({
      level: "info",
      service: "finder",
      Service: "finder",
      MessageRetries: 3,
      ExchangeThrottles: 1,
      _aws: {
        Timestamp: Date.UTC(2026, 0, 15, 0, 1),
        CloudWatchMetrics: [{ Namespace: "CryptoBacktest", Dimensions: [["Service"]] }],
      },
    });
    expect(metricNames(line ?? {})).toEqual(["MessageRetries", "ExchangeThrottles"]);
    vi.advanceTimersByTime(3_600_000);
    expect(lines().filter((one) => "_aws" in one)).toHaveLength(1);
  });

  it("shows eyes the figures, and not what is for CloudWatch alone", () => {
    const { logger, counts, text } = countedFaults("pretty");
    logFault(logger, FAULTS.databaseThrottles, {});
    counts();
    expect(text()).toContain("DatabaseThrottles: 1");
    expect(text()).not.toContain("_aws");
  });

  it("counts anew after each line", () => {
    const { logger, counts, lines } = countedFaults();
    logFault(logger, FAULTS.brokerAway, {});
    counts();
    logFault(logger, FAULTS.brokerAway, {});
    expect(counts()).toEqual({ BrokerReconnects: 2 });
    expect(lines().filter((one) => "_aws" in one)).toHaveLength(2);
  });
});
