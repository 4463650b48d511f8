/** At most so many at the same time; the others wait in the order in which they came. */
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
