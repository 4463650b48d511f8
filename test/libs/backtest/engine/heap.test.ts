import { describe, expect, it } from "vitest";
import { startProgram } from "#test/support/process/program.ts";

interface Growth {
  readonly candles: number;
  readonly used: number;
  readonly kept: number;
}

describe("the heap over a walk without a signal", () => {
  it("does not grow with the candles, though a strategy reads each of them", async () => {
    const program = startProgram("test/support/process/heap-growth.ts");
    expect(await program.exited, program.stderr()).toBe(0);
    const { plain, hoarding }: Record<"plain" | "hoarding", [Growth, Growth]> = JSON.parse(program.stdout());
    const perCandle = ([short, long]: [Growth, Growth], bytes: "used" | "kept") =>
      (long[bytes] - short[bytes]) / (long.candles - short.candles);
    expect(perCandle(plain, "kept")).toBeLessThan(0.5);
    // Not one boxed number a candle, which would be twelve bytes.
    expect(perCandle(plain, "used")).toBeLessThan(4);
    // What a strategy does allocate shows.
    expect(perCandle(hoarding, "kept")).toBeGreaterThan(12);
    expect(perCandle(hoarding, "used")).toBeGreaterThan(12);
  }, 60_000);
});
