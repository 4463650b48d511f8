/** An LRU cache of pending and resolved results. Failures are not cached. */
export interface PromiseCache<T> {
  /**
   * @param weight what the result counts toward the cache's size.
   * @param keep whether a result is final; one that is not is not cached and serves only its pending callers.
   */
  get(key: string, weight: number, load: () => Promise<T>, keep?: (result: T) => boolean): Promise<T>;
}

/** @param size the maximum sum of weights; a single heavier result is not cached. */
export function makePromiseCache<T>(size: number): PromiseCache<T> {
  // A Map iterates in insertion order: the first key is the least recently used.
  const entries = new Map<string, { readonly promise: Promise<T>; readonly weight: number }>();
  let total = 0;

  function forget(key: string): void {
    total -= entries.get(key)?.weight ?? 0;
    entries.delete(key);
  }

  return {
    get(key, weight, load, keep = () => true) {
      const found = entries.get(key);
      if (found !== undefined) {
        entries.delete(key);
        entries.set(key, found);
        return found.promise;
      }
      const promise = load();
      const entry = { promise, weight };
      entries.set(key, entry);
      total += weight;
      const drop = () => {
        if (entries.get(key) === entry) forget(key);
      };
      promise.then((result) => keep(result) || drop(), drop);
      for (const oldest of entries.keys()) {
        if (total <= size) break;
        forget(oldest);
      }
      return promise;
    },
  };
}
