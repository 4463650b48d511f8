import { QueueError } from "../queue.ts";

/** A resource that exists while there is a connection; callers wait until it is available again. */
export interface AwaitableResource<T> {
  peek(): T | undefined;
  put(value: T): void;
  /** Removes this value, unless another has replaced it. */
  remove(value: T): void;
  /** @throws QueueError if there is none in time, or the error of `close`. */
  take(timeoutMs: number): Promise<T>;
  /** Removes it permanently: waiting and later callers fail with the error of the first call. */
  close(error?: Error): void;
}

export function makeAwaitableResource<T>(): AwaitableResource<T> {
  let value: T | undefined;
  let closedBy: Error | null = null;
  const waiters = new Set<{ resolve(value: T): void; reject(error: Error): void }>();
  return {
    peek: () => value,
    put(next) {
      value = next;
      for (const waiter of waiters) waiter.resolve(next);
      waiters.clear();
    },
    remove(gone) {
      if (value === gone) value = undefined;
    },
    async take(timeoutMs) {
      if (value !== undefined) return value;
      if (closedBy !== null) throw closedBy;
      return new Promise<T>((resolve, reject) => {
        const waiter = {
          resolve(found: T) {
            clearTimeout(timer);
            resolve(found);
          },
          reject(error: Error) {
            clearTimeout(timer);
            reject(error);
          },
        };
        const timer = setTimeout(() => {
          waiters.delete(waiter);
          reject(new QueueError(`not connected to RabbitMQ for ${Math.ceil(timeoutMs)} ms`));
        }, timeoutMs);
        waiters.add(waiter);
      });
    },
    close(error = new QueueError("the queue is closed")) {
      closedBy ??= error;
      for (const waiter of waiters) waiter.reject(closedBy);
      waiters.clear();
    },
  };
}
