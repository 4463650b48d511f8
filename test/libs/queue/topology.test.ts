import { describe, expect, it } from "vitest";
import { BACKTEST_TASKS, TRADING_SIGNALS } from "#libs/contracts/queues.ts";
import { declarationsOf, PARKING_LEVELS_MS, parkingLevelMs } from "#libs/queue/rabbitmq/topology.ts";

describe("queue topology", () => {
  const tasks = declarationsOf(BACKTEST_TASKS, PARKING_LEVELS_MS);
  const signals = declarationsOf(TRADING_SIGNALS, PARKING_LEVELS_MS);
  const named = (declarations: typeof tasks, name: string) =>
    declarations.find((declaration) => declaration.name === name)?.arguments;

  it("makes every queue a quorum queue", () => {
    expect(tasks).toHaveLength(2 + PARKING_LEVELS_MS.length);
    for (const { arguments: args } of [...tasks, ...signals]) expect(args["x-queue-type"]).toBe("quorum");
  });

  it("dead-letters at least once beyond the delivery limit", () => {
    expect(named(tasks, "backtest-tasks")).toEqual({
      "x-queue-type": "quorum",
      "x-delivery-limit": 5,
      "x-dead-letter-exchange": "",
      "x-dead-letter-routing-key": "backtest-tasks.dead",
      "x-dead-letter-strategy": "at-least-once",
      "x-overflow": "reject-publish",
    });
  });

  it("loses no dead letter to being looked at often", () => {
    // Without a limit of its own, RabbitMQ 4 drops what was put back 20 times.
    expect(named(tasks, "backtest-tasks.dead")?.["x-delivery-limit"]).toBeGreaterThan(1_000_000);
  });

  it("lets signals expire after a minute, to nowhere", () => {
    expect(named(signals, "trading-signals")).toEqual({
      "x-queue-type": "quorum",
      "x-delivery-limit": 5,
      "x-message-ttl": 60_000,
    });
  });

  it("sends a parked message back to its queue, at least once", () => {
    expect(named(tasks, "backtest-tasks.retry.5000ms")).toMatchObject({
      "x-message-ttl": 5_000,
      "x-dead-letter-exchange": "",
      "x-dead-letter-routing-key": "backtest-tasks",
      "x-dead-letter-strategy": "at-least-once",
    });
  });

  it.each([
    [0, 1_000],
    [1_000, 1_000],
    [1_001, 5_000],
    [59_999, 60_000],
    [300_000, 300_000],
    [900_000, 300_000],
  ])("parks a wait of %i ms for %i ms", (delayMs, levelMs) => {
    expect(parkingLevelMs(delayMs, PARKING_LEVELS_MS)).toBe(levelMs);
  });
});
