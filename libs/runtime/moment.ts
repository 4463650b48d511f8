const ISO = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(Z|[+-]\d\d:?\d\d)?)?$/i;

/**
 * A moment as people write it: `2026-01-15T12:00:30Z`, with an offset, or without any, which means UTC as
 * everywhere here and never the zone of this machine. Milliseconds; null when it is none.
 */
export function parseMoment(text: string): number | null {
  const parts = ISO.exec(text.trim());
  if (parts === null) return null;
  const hasTime = text.includes(":");
  const ms = Date.parse(hasTime && parts[1] === undefined ? `${text.trim()}Z` : text.trim());
  return Number.isNaN(ms) ? null : ms;
}
