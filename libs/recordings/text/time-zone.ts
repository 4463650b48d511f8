import { InputError } from "../input-error.ts";

/** What a clock on the wall in some zone shows, turned into milliseconds since 1970. */
export interface TimeZone {
  /** For messages: as it was given. */
  readonly name: string;
  /**
   * @param wallMs what the clock shows, as if it were UTC.
   * @returns the moment, or what is wrong: the hour that a clock change leaves out or shows twice.
   */
  readonly momentOf: (wallMs: number) => number | string;
}

export const UTC: TimeZone = { name: "UTC", momentOf: (wallMs) => wallMs };

/** For text times without a zone in one column: exchanges write them in UTC. The summary of the file says so. */
export const ASSUMED_UTC: TimeZone = { ...UTC, name: "UTC (--time-zone for another zone)" };

const HOUR_MS = 3_600_000;
const OFFSET = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?$/i;
/** No zone is further from UTC. */
const MOST_OFFSET_HOURS = 14;

/**
 * A zone as it is given on the command line: UTC, an offset such as +09:00, or a name such as Asia/Seoul.
 * @throws InputError when there is no such zone.
 */
export function parseTimeZone(text: string): TimeZone {
  if (/^(?:UTC|GMT|Z)$/i.test(text)) return UTC;
  const offset = OFFSET.exec(text);
  if (offset !== null) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3] ?? 0);
    if (minutes <= MOST_OFFSET_HOURS * 60)
      return fixedZone(text, (offset[1] === "-" ? -1 : 1) * minutes * 60_000);
  } else if (/^[A-Za-z]+\/[\w+/-]+$/.test(text) || /^[A-Z]{3,4}$/.test(text)) {
    try {
      return namedZone(text);
    } catch {
      // Falls through: there is no such zone.
    }
  }
  throw new InputError(
    `${JSON.stringify(text.slice(0, 60))} is not a time zone: give UTC, an offset such as +09:00 or a name such as Asia/Seoul`,
  );
}

function fixedZone(name: string, offsetMs: number): TimeZone {
  return { name, momentOf: (wallMs) => wallMs - offsetMs };
}

function namedZone(name: string): TimeZone {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: name,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  const offsetAt = (ms: number): number => {
    const parts = Object.fromEntries(
      format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]),
    );
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) - ms;
  };
  // Zones change their offset at whole quarters of an hour.
  const quarter = HOUR_MS / 4;
  let lastQuarter = Number.NaN;
  let lastAnswer: number | string = 0;
  return {
    name,
    momentOf(wallMs) {
      const start = Math.floor(wallMs / quarter) * quarter;
      if (start !== lastQuarter) {
        lastQuarter = start;
        lastAnswer = momentOfQuarter(start, offsetAt);
      }
      return typeof lastAnswer === "string" ? lastAnswer : lastAnswer + (wallMs - start);
    },
  };
}

function momentOfQuarter(wallMs: number, offsetAt: (ms: number) => number): number | string {
  const day = 24 * HOUR_MS;
  const offsets = [...new Set([offsetAt(wallMs - day), offsetAt(wallMs + day)])];
  const moments = offsets.map((offset) => wallMs - offset).filter((ms) => offsetAt(ms) === wallMs - ms);
  const [moment] = moments;
  if (moment === undefined) return "does not exist in that zone: the clocks go forward over it";
  if (moments.length > 1) return "is there twice in that zone: the clocks go back over it";
  return moment;
}
