/**
 * A value from outside as an error shows it: as JSON, and never longer than `most` characters, for a refused
 * megabyte must not become a megabyte of log.
 */
export function shownValue(value: unknown, most = 120): string {
  // Only the beginning is shown, and a long text is not copied for that.
  const text = jsonOf(typeof value === "string" ? value.slice(0, most) : value);
  const cut = typeof value === "string" && value.length > most;
  if (text.length <= most && !cut) return text;
  return `${text.slice(0, Math.max(0, most - 3))}...`;
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // Serialising descends, and a parser of JSON goes deeper than the stack allows (or it is a bigint).
    return typeof value === "object" ? "(nested too deeply to show)" : String(value);
  }
}
