/** Serialises the work of each key in call order; different keys do not wait for each other. */
export function makeKeyedMutex() {
  const last = new Map<string, Promise<unknown>>();
  return async function exclusively<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = last.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (last.get(key) === mine) last.delete(key);
    }
  };
}
