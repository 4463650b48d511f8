/**
 * An external value as an error message shows it: as JSON, and at most `most` characters, because a rejected
 * megabyte must not become a megabyte of log.
 */
export function shownValue(value: unknown, most = 120): string {
  // Only the beginning is shown, so a long text is sliced before it is serialised.
  const text = jsonOf(typeof value === "string" ? value.slice(0, most) : value);
  const cut = typeof value === "string" && value.length > most;
  if (text.length <= most && !cut) return text;
  return `${text.slice(0, Math.max(0, most - 3))}...`;
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // JSON.stringify recurses, and JSON.parse accepts deeper nesting than the stack allows (or it is a bigint).
    return typeof value === "object" ? "(nested too deeply to show)" : String(value);
  }
}
