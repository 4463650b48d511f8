import { createHash } from "node:crypto";

/** Equal for equal content, whatever the order of the fields of an object. The order of a list counts. */
export function contentHash(content: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(withSortedKeys(content)))
    .digest("hex")
    .slice(0, 32);
}

function withSortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSortedKeys);
  if (value === null || typeof value !== "object") return value;
  return Object.entries(value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, entry]) => [key, withSortedKeys(entry)]);
}
