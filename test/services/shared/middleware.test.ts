import { describe, expect, it } from "vitest";
import type { Delivery, Handler } from "#libs/queue/queue.ts";
import { compose, type Middleware } from "#services/shared/middleware.ts";

const DELIVERY: Delivery<string> = { message: "work", messageId: "1", attempt: 1, redelivered: false };

function traced(trace: string[]) {
  const policy =
    (name: string): Middleware<string> =>
    (next) =>
    async (delivery) => {
      trace.push(`${name} before`);
      const outcome = await next(delivery);
      trace.push(`${name} after ${outcome.kind}`);
      return outcome;
    };
  const work: Handler<string> = async ({ message }) => {
    trace.push(message);
    return { kind: "ack" };
  };
  return { policy, work };
}

describe("composed policies", () => {
  it("meet a message in the order in which they are written, and its outcome in the reverse one", async () => {
    const trace: string[] = [];
    const { policy, work } = traced(trace);
    await compose(policy("outer"), policy("inner"))(work)(DELIVERY);
    expect(trace).toEqual(["outer before", "inner before", "work", "inner after ack", "outer after ack"]);
  });

  it("may answer in place of the work", async () => {
    const trace: string[] = [];
    const { policy, work } = traced(trace);
    const refuse: Middleware<string> = () => async () => ({ kind: "dead-letter", reason: "refused" });
    const outcome = await compose(policy("outer"), refuse, policy("inner"))(work)(DELIVERY);
    expect(outcome).toEqual({ kind: "dead-letter", reason: "refused" });
    expect(trace).toEqual(["outer before", "outer after dead-letter"]);
  });

  it("are the work itself when there are none", async () => {
    const { work } = traced([]);
    expect(compose<string>()(work)).toBe(work);
  });
});
