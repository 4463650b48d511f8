import type { TimeZone } from "./time-zone.ts";

/** How the times of a file are written. */
export type TimeForm =
  | "seconds"
  | "milliseconds"
  | "microseconds"
  | "nanoseconds"
  | "text with a zone"
  | "text without a zone";

/** A time that was understood, or what is wrong with it. */
export type TimeReading =
  | { readonly ms: number; readonly form: TimeForm }
  | { readonly ms: null; readonly form: TimeForm | null; readonly problem: string };

const EARLIEST_MS = Date.UTC(2005, 0);
const LATEST_MS = Date.UTC(2200, 0);

/** Recordings lie between 2005 and 2200; the ranges of the four units do not meet. */
export function epochForm(value: number): TimeForm | null {
  if (value >= EARLIEST_MS && value <= LATEST_MS) return "milliseconds";
  if (value >= EARLIEST_MS / 1e3 && value <= LATEST_MS / 1e3) return "seconds";
  if (value >= EARLIEST_MS * 1e3 && value <= LATEST_MS * 1e3) return "microseconds";
  if (value >= EARLIEST_MS * 1e6 && value <= LATEST_MS * 1e6) return "nanoseconds";
  return null;
}

const MOST_OFFSET_MS = 14 * 3_600_000;

const EPOCH = /^\+?(\d+)(?:\.(\d*))?$/;
const EXPONENT = /^\d+(?:\.\d+)?[eE]\+?\d{1,2}$/;
const ZONE = "(Z|(?:UTC|GMT)?\\s?[+-]\\d{1,2}(?::?\\d{2})?|UTC|GMT)?";
const CLOCK = "(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:[.,](\\d{1,9}))?)?";
const YEAR_FIRST = new RegExp(
  `^(\\d{4})[-/.](\\d{1,2})[-/.](\\d{1,2})(?:[T ]\\s*${CLOCK})?\\s*${ZONE}$`,
  "i",
);
/** With points the day is first wherever this is written; with slashes it is ambiguous. */
const DAY_FIRST = new RegExp(`^(\\d{1,2})\\.(\\d{1,2})\\.(\\d{4})(?:[T ]\\s*${CLOCK})?\\s*${ZONE}$`, "i");
const COMPACT = new RegExp(`^(\\d{4})(\\d{2})(\\d{2})(?:[T ]?(\\d{2})(\\d{2})(\\d{2})?)?()\\s*${ZONE}$`, "i");
const UNKNOWN_ORDER = /^\d{1,2}\/\d{1,2}\/\d{2,4}\b/;

/**
 * Reads a time: a number since 1970 in a unit that its size shows, or text.
 * @param zone of text without one; null if the caller gave none.
 */
export function readTime(text: string, zone: TimeZone | null): TimeReading {
  const epoch = EPOCH.exec(text);
  if (epoch !== null) {
    const reading = readEpoch(epoch[1] ?? "", epoch[2] ?? "");
    if (reading !== null) return reading;
  } else if (EXPONENT.test(text)) {
    const value = Number(text);
    const reading = Number.isSafeInteger(value) ? readEpoch(String(value), "") : null;
    if (reading !== null) return reading;
  }
  const isYearFirst = YEAR_FIRST.exec(text) ?? COMPACT.exec(text);
  const found = isYearFirst ?? DAY_FIRST.exec(text);
  if (found === null) return { ms: null, form: null, problem: notUnderstood(text) };
  const [first = "", month = "", third = ""] = found.slice(1);
  const date = isYearFirst === null ? [third, month, first] : [first, month, third];
  const wallMs = wallTime(date.map(Number), found.slice(4, 8));
  if (wallMs === null || wallMs < EARLIEST_MS || wallMs > LATEST_MS) {
    return { ms: null, form: null, problem: `${shown(text)} is no time between 2005 and 2200` };
  }
  const written = found[8];
  if (written !== undefined && written !== "") {
    const offset = offsetMs(written);
    // "2026-01-01-05" is more likely an hour than a zone.
    const isZone = Math.abs(offset) <= MOST_OFFSET_MS && (found[4] !== undefined || offset === 0);
    if (isZone) return { ms: wallMs - offset, form: "text with a zone" };
    return { ms: null, form: null, problem: notUnderstood(text) };
  }
  if (zone === null) return { ms: null, form: "text without a zone", problem: noZone(text) };
  const moment = zone.momentOf(wallMs);
  if (typeof moment === "number") return { ms: moment, form: "text without a zone" };
  return {
    ms: null,
    form: "text without a zone",
    problem: `the time ${shown(text)} ${moment} (${zone.name})`,
  };
}

/** By its text, because nanoseconds have more digits than a double holds. Null when it is no time since 1970. */
function readEpoch(whole: string, fraction: string): TimeReading | null {
  const form = epochForm(Number(whole));
  if (form === null) return null;
  const decimals = { seconds: -3, milliseconds: 0, microseconds: 3, nanoseconds: 6 }[form as "seconds"];
  const digits =
    decimals < 0 ? `${whole}${fraction.slice(0, 3).padEnd(3, "0")}` : whole.slice(0, whole.length - decimals);
  const rest = decimals < 0 ? fraction.slice(3) : `${whole.slice(whole.length - decimals)}${fraction}`;
  if (!/^0*$/.test(rest)) {
    return { ms: null, form, problem: `the time ${shown(whole)} is not a whole number of milliseconds` };
  }
  return { ms: Number(digits), form };
}

function wallTime(date: readonly number[], clock: readonly (string | undefined)[]): number | null {
  const [year = 0, month = 0, day = 0] = date;
  const [hour = 0, minute = 0, second = 0] = clock.slice(0, 3).map((part) => Number(part ?? 0));
  const fraction = (clock[3] ?? "").padEnd(9, "0");
  if (hour > 23 || minute > 59 || second > 59 || Number(fraction.slice(3)) !== 0) return null;
  const ms = Date.UTC(year, month - 1, day, hour, minute, second, Number(fraction.slice(0, 3)));
  return new Date(ms).getUTCMonth() === month - 1 && new Date(ms).getUTCDate() === day ? ms : null;
}

function offsetMs(zone: string): number {
  const found = /([+-])(\d{1,2}?)(?::?(\d{2}))?$/.exec(zone);
  if (found === null) return 0;
  return (found[1] === "-" ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3] ?? 0)) * 60_000;
}

function noZone(text: string): string {
  return (
    `the time ${shown(text)} does not say its zone: give it with --time-zone, ` +
    "such as --time-zone UTC, +09:00 or Asia/Seoul"
  );
}

function notUnderstood(text: string): string {
  if (UNKNOWN_ORDER.test(text)) {
    return `the time ${shown(text)} does not say whether day or month is first: write it as 2026-01-31`;
  }
  return `${shown(text)} is no time: write milliseconds since 1970 or text such as 2026-01-31T00:00:00Z`;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}
