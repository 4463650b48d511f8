import { describe, expect, it } from "vitest";
import { makeKeyedMutex } from "#libs/runtime/keyed-mutex.ts";

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
    const exclusively = makeKeyedMutex();
    const first = door();
    const order: string[] = [];
    const running = [
      exclusively("BTC", async () => {
        order.push("first begins");
        await first.opened;
        order.push("first ends");
      }),
      exclusively("BTC", async () => order.push("second")),
      exclusively("BTC", async () => order.push("third")),
    ];
    await settle();
    expect(order).toEqual(["first begins"]);
    first.open();
    await Promise.all(running);
    expect(order).toEqual(["first begins", "first ends", "second", "third"]);
  });

  it("does not let one key wait for another", async () => {
    const exclusively = makeKeyedMutex();
    const first = door();
    const slow = exclusively("BTC", () => first.opened);
    expect(await exclusively("ETH", async () => "done")).toBe("done");
    first.open();
    await slow;
  });

  it("gives each caller its own result or failure, and goes on after a failure", async () => {
    const exclusively = makeKeyedMutex();
    const results = await Promise.allSettled([
      exclusively("BTC", async () => 1),
      exclusively("BTC", () => Promise.reject(new Error("second failed"))),
      exclusively("BTC", async () => 3),
    ]);
    expect(results).toEqual([
      { status: "fulfilled", value: 1 },
      { status: "rejected", reason: new Error("second failed") },
      { status: "fulfilled", value: 3 },
    ]);
  });

  it("keeps the order of work that is added while other work runs", async () => {
    const exclusively = makeKeyedMutex();
    const order: number[] = [];
    let late: Promise<unknown> | undefined;
    await exclusively("BTC", async () => {
      order.push(1);
      late = exclusively("BTC", async () => order.push(3));
      await settle();
      order.push(2);
    });
    await late;
    expect(order).toEqual([1, 2, 3]);
  });
});
