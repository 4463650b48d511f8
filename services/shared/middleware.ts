import type { Handler } from "#libs/queue/queue.ts";
import { makeKeyedMutex } from "#libs/runtime/keyed-mutex.ts";

/** A policy around the work on a message: it may act before, after and instead of `next`. */
export type Middleware<T> = (next: Handler<T>) => Handler<T>;

/** The policies as one, read from the outside to the inside: the first one meets the message first. */
export function compose<T>(...policies: readonly Middleware<T>[]): Middleware<T> {
  return (work) => policies.reduceRight((next, policy) => policy(next), work);
}

/** Messages with the same key are processed one after the other, in the order in which they arrived. */
export function inOrderOf<T>(keyOf: (message: T) => string): Middleware<T> {
  const exclusively = makeKeyedMutex();
  return (next) => (delivery) => exclusively(keyOf(delivery.message), () => next(delivery));
}
