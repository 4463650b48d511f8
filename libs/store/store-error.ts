/**
 * The database throttles, fails or cannot be reached, after the SDK's own retries: the work goes to the retry
 * queue. The outcome of a write is unknown; every write here is idempotent, so it is simply done again.
 */
export class StoreError extends Error {
  override readonly name = "StoreError";
}
