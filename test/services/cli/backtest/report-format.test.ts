import { describe, expect, it } from "vitest";
import { price } from "#libs/chart/format.ts";

describe("a price", () => {
  it.each([
    [100, "100"],
    [60_123.4, "60123.4"],
    [0.67436743, "0.67436743"],
    [0.1 + 0.2, "0.3"],
    [0.00001234, "0.00001234"],
    [1.2345678e-7, "0.00000012345678"],
    [123_456_789.5, "123456790"],
    [0, "0"],
  ])("%d is written %s, never with an exponent", (value, written) => {
    expect(price(value)).toBe(written);
  });
});
