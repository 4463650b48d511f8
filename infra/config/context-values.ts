import { z } from "zod";

/*
 * Values of the CDK's context. From the command line they are text, from cdk.json they are not: both are accepted.
 */

export const text = (value: unknown) => (typeof value === "string" ? value.trim() : value);

export const whole = (min: number, max: number) =>
  z.preprocess(
    (value) => (typeof value === "string" && /^-?\d+$/.test(value.trim()) ? Number(value) : value),
    z
      .int({ error: `expected a whole number from ${min} to ${max}` })
      .min(min, `expected a whole number from ${min} to ${max}`)
      .max(max, `expected a whole number from ${min} to ${max}`),
  );

export const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.preprocess(text, z.enum(values, { error: `expected ${values.join(" or ")}` }));
