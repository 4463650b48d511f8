/** At most so many at the same time; the others wait in the order in which they came. */
export interface Turns {
  take(): Promise<void>;
  give(): void;
}

export function makeTurns(most: number): Turns {
  let taken = 0;
  const waiting: (() => void)[] = [];
  return {
    async take() {
      if (taken < most) {
        taken++;
        return;
      }
      await new Promise<void>((resolve) => waiting.push(resolve));
    },
    give() {
      const next = waiting.shift();
      if (next === undefined) taken--;
      else next();
    },
  };
}
