/**
 * The database throttles, fails or cannot be reached, after the SDK's own retries: the message goes to the retry
 * queue. The outcome of a write is unknown; every write here is idempotent and can be repeated.
 */
export class StoreError extends Error {
  override readonly name = "StoreError";
}
