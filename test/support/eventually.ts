/**
 * Waits until the condition gives something true, and gives that back. Tests poll with it and never sleep.
 * @throws Error with `what` when it does not become true within `timeoutMs`; the last error is its cause.
 */
export async function eventually<T>(
  what: string,
  condition: () => T | Promise<T>,
  { timeoutMs = 15_000, everyMs = 20 } = {},
): Promise<Truthy<T>> {
  const deadlineMs = performance.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (isTruthy(value)) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadlineMs) throw new Error(`did not happen: ${what}`, { cause });
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

type Truthy<T> = Exclude<T, false | null | undefined | 0 | "">;

function isTruthy<T>(value: T): value is Truthy<T> {
  return Boolean(value);
}
