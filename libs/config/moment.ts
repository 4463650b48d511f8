const ISO = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(Z|[+-]\d\d:?\d\d)?)?$/i;

/** Messages and items accept timestamps of these years only: outside of them a simulated clock would fail later. */
const EARLIEST_MS = Date.UTC(2002, 0, 1);
const LATEST_MS = Date.UTC(2286, 0, 1);

/**
 * Parses a timestamp such as `2026-01-15T12:00:30Z`, with an offset or without one, which means UTC and never the
 * local time zone. Milliseconds; null if it is not a timestamp, or before 2002, or after 2285.
 */
export function parseMoment(text: string): number | null {
  const parts = ISO.exec(text.trim());
  if (parts === null) return null;
  const hasTime = text.includes(":");
  const ms = Date.parse(hasTime && parts[1] === undefined ? `${text.trim()}Z` : text.trim());
  return ms >= EARLIEST_MS && ms < LATEST_MS ? ms : null;
}
