/** Waits for the work, at most `timeoutMs`; true if it finished in time. The work continues. */
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
