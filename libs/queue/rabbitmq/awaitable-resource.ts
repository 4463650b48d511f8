import { QueueError } from "../queue.ts";

/** A resource that exists while there is a connection; callers wait until it is available again. */
export interface AwaitableResource<T> {
  peek(): T | undefined;
  put(value: T): void;
  /** Removes this value, unless another has replaced it. */
  remove(value: T): void;
  /** @throws QueueError if there is none in time, or it is closed. */
  take(timeoutMs: number): Promise<T>;
  /** Removes it permanently; waiting callers fail at once. */
  close(): void;
}

export function makeAwaitableResource<T>(): AwaitableResource<T> {
  let value: T | undefined;
  let isClosed = false;
  const waiters = new Set<{ resolve(value: T): void; reject(error: QueueError): void }>();
  const closedError = () => new QueueError("the queue is closed");
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
      if (isClosed) throw closedError();
      return new Promise<T>((resolve, reject) => {
        const waiter = {
          resolve(found: T) {
            clearTimeout(timer);
            resolve(found);
          },
          reject(error: QueueError) {
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
    close() {
      isClosed = true;
      for (const waiter of waiters) waiter.reject(closedError());
      waiters.clear();
    },
  };
}
