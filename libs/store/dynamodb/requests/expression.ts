/** `{ "#a": "a" }` for each attribute: many names (status, ttl, owner) are reserved words. */
export function attributeNames(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [`#${name}`, name]));
}

/** The conditions joined by AND, each in parentheses. */
export function allOf(...conditions: readonly string[]): string {
  return conditions.map((condition) => `(${condition})`).join(" AND ");
}

export function anyOf(...conditions: readonly string[]): string {
  return conditions.map((condition) => `(${condition})`).join(" OR ");
}
