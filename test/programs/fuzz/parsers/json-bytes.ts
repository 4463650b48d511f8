import type fc from "fast-check";
import { mutated } from "#test/programs/fuzz/mutate.ts";

/** Mutated values as the JSON that a broken sender would send. */
export function jsonBytes(valid: fc.Arbitrary<unknown>): fc.Arbitrary<Buffer> {
  return mutated(valid).map((value) => Buffer.from(JSON.stringify(value) ?? "undefined"));
}
