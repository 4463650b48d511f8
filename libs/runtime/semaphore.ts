/** Limits concurrency; waiting callers are served in order. */
export interface Semaphore {
  acquire(): Promise<void>;
  release(): void;
}

export function makeSemaphore(most: number): Semaphore {
  let taken = 0;
  const waiting: (() => void)[] = [];
  return {
    async acquire() {
      if (taken < most) {
        taken++;
        return;
      }
      await new Promise<void>((resolve) => waiting.push(resolve));
    },
    release() {
      const next = waiting.shift();
      if (next === undefined) taken--;
      else next();
    },
  };
}
