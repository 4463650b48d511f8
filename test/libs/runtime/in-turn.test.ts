import { describe, expect, it } from "vitest";
import { makeInTurn } from "#libs/runtime/in-turn.ts";

function door() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
/** Lets everything run that waits for nothing but its turn. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("work in turn", () => {
  it("runs one at a time and in order for one key", async () => {
    const inTurn = makeInTurn();
    const first = door();
    const order: string[] = [];
    const running = [
      inTurn("BTC", async () => {
        order.push("first begins");
        await first.opened;
        order.push("first ends");
      }),
      inTurn("BTC", async () => order.push("second")),
      inTurn("BTC", async () => order.push("third")),
    ];
    await settle();
    expect(order).toEqual(["first begins"]);
    first.open();
    await Promise.all(running);
    expect(order).toEqual(["first begins", "first ends", "second", "third"]);
  });

  it("does not let one key wait for another", async () => {
    const inTurn = makeInTurn();
    const first = door();
    const slow = inTurn("BTC", () => first.opened);
    expect(await inTurn("ETH", async () => "done")).toBe("done");
    first.open();
    await slow;
  });

  it("gives each caller its own result or failure, and goes on after a failure", async () => {
    const inTurn = makeInTurn();
    const results = await Promise.allSettled([
      inTurn("BTC", async () => 1),
      inTurn("BTC", () => Promise.reject(new Error("second failed"))),
      inTurn("BTC", async () => 3),
    ]);
    expect(results).toEqual([
      { status: "fulfilled", value: 1 },
      { status: "rejected", reason: new Error("second failed") },
      { status: "fulfilled", value: 3 },
    ]);
  });

  it("keeps the order of work that is added while other work runs", async () => {
    const inTurn = makeInTurn();
    const order: number[] = [];
    let late: Promise<unknown> | undefined;
    await inTurn("BTC", async () => {
      order.push(1);
      late = inTurn("BTC", async () => order.push(3));
      await settle();
      order.push(2);
    });
    await late;
    expect(order).toEqual([1, 2, 3]);
  });
});
