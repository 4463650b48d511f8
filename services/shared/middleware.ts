import type { Handler } from "#libs/queue/queue.ts";

/** A policy around the work on a message: it may act before, after and instead of `next`. */
export type Middleware<T> = (next: Handler<T>) => Handler<T>;

/** The policies as one, read from the outside to the inside: the first one meets the message first. */
export function compose<T>(...policies: readonly Middleware<T>[]): Middleware<T> {
  return (work) => policies.reduceRight((next, policy) => policy(next), work);
}
