/** Waits for the work, but no longer than `timeoutMs`; true when it was done in time. The work goes on. */
export async function doneWithin(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const givenUp = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  try {
    return await Promise.race([work.then(() => true), givenUp]);
  } finally {
    clearTimeout(timer);
  }
}
