import { describe, expect, it } from "vitest";
import type { Delivery, Handler } from "#libs/queue/queue.ts";
import { compose, inOrderOf, type Middleware } from "#services/shared/middleware.ts";

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

describe("order within a key", () => {
  it("holds a message until the one before it with the same key is done, and no other", async () => {
    const trace: string[] = [];
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const handler = inOrderOf<string>((message) => message.slice(0, 1))(async ({ message }) => {
      trace.push(`${message} starts`);
      if (message === "a1") await held;
      trace.push(`${message} ends`);
      return { kind: "ack" };
    });
    const all = ["a1", "a2", "b1"].map((message) => handler({ ...DELIVERY, message }));
    await all[2];
    expect(trace).toEqual(["a1 starts", "b1 starts", "b1 ends"]);
    release();
    await Promise.all(all);
    expect(trace.slice(3)).toEqual(["a1 ends", "a2 starts", "a2 ends"]);
  });
});
