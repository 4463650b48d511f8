import { createHash } from "node:crypto";
import {
  type LetterQueue,
  type Prospect,
  prospectOf,
  type StoredLetter,
} from "#libs/queue/dead-letter-box.ts";
import { hexDump, safeLine, safeLines, shortened } from "../shared/safe-text.ts";

/** A dead letter as an operator sees it. */
export interface SeenLetter {
  /** Its message id; for one without, a name made from its bytes. Several letters may share it. */
  readonly id: string;
  readonly queue: LetterQueue;
  readonly letter: StoredLetter;
  readonly prospect: Prospect;
}

/** Characters of a body that `show` prints, and bytes of a body that is not text. */
const SHOWN_CHARACTERS = 4_000;
const SHOWN_BYTES = 512;
const SHOWN_REASON = 300;
/** Messages have one. */
const MAX_LEVELS = 32;

export function seenLetter(queue: LetterQueue, letter: StoredLetter, nowMs: number): SeenLetter {
  return { id: idOf(letter), queue, letter, prospect: prospectOf(queue, letter, nowMs) };
}

function idOf({ messageId, body }: StoredLetter): string {
  return messageId ?? `body-${createHash("sha256").update(body).digest("hex").slice(0, 12)}`;
}

/** What an operator should do with it. */
export function adviceOn({ prospect }: SeenLetter): string {
  switch (prospect.kind) {
    case "unreadable":
      return "no service can read it: fix its producer, then discard it";
    case "expired":
      return `it expired after ${seconds(prospect.lifeMs)}: discard it`;
    case "exhausted":
      return "retry it after its cause is resolved";
    case "refused":
      return "retry it if the reason no longer applies, otherwise discard it";
  }
}

/** Why it is not retried; null when it may be. */
export function refusalOf({ prospect }: SeenLetter): string | null {
  switch (prospect.kind) {
    case "unreadable":
      return `it would be dead-lettered again: ${prospect.reason}`;
    case "expired":
      return (
        `it is ${seconds(prospect.ageMs)} old and expired after ${seconds(prospect.lifeMs)}: ` +
        "the market has moved, and new signals are published every minute"
      );
    case "exhausted":
    case "refused":
      return null;
  }
}

/** One queue with the letters that were read; `count` is how many it holds. */
export function listText(queue: LetterQueue, count: number, seen: readonly SeenLetter[]): string {
  const total = count === 0 ? "empty" : count === 1 ? "1 message" : `${count} messages`;
  const rows = seen.map(({ letter, id }) => [
    momentOf(letter.diedAtMs),
    letter.attempts === null ? "unknown" : String(letter.attempts),
    momentOf(letter.firstSeenMs),
    safeLine(shortened(id, 120)),
  ]);
  const table = columns([["died", "attempts", "first seen", "id"], ...rows]);
  const lines = [`${queue.deadLetterName}: ${total}`];
  if (seen.length > 0) lines.push(`  ${table[0]}`);
  seen.forEach((one, at) => {
    lines.push(`  ${table[at + 1]}`);
    lines.push(`    reason: ${safeLine(shortened(one.letter.reason, SHOWN_REASON))}`);
    lines.push(`    to do:  ${adviceOn(one)}`);
  });
  if (count > seen.length && seen.length > 0) {
    lines.push(`  ... and ${count - seen.length} more (--limit)`);
  }
  return `${lines.join("\n")}\n`;
}

/** Everything that is known about one letter. */
export function showText(seen: SeenLetter): string {
  const { letter, queue, id } = seen;
  const headers = Object.entries(letter.headers)
    // The reason stands above; the broker's own headers repeat the lines above.
    .filter(([name]) => name !== "reason")
    .map(
      ([name, value]) => `  ${safeLine(name)}: ${safeLine(shortened(JSON.stringify(value) ?? "null", 500))}`,
    );
  return [
    `id:         ${safeLine(id)}${letter.messageId === null ? " (the message has none)" : ""}`,
    `queue:      ${queue.deadLetterName}`,
    `died:       ${momentOf(letter.diedAtMs)}`,
    `first seen: ${momentOf(letter.firstSeenMs)}`,
    `attempts:   ${letter.attempts ?? "unknown"}`,
    `reason:     ${safeLine(letter.reason)}`,
    `to do:      ${adviceOn(seen)}`,
    headers.length === 0 ? "headers:    none" : `headers:\n${headers.join("\n")}`,
    `body (${letter.body.length} bytes):`,
    bodyText(letter.body),
    "",
  ].join("\n");
}

/** A body as people read it: JSON laid out, text escaped, anything else in hexadecimal; the beginning of a long one. */
function bodyText(body: Buffer): string {
  if (body.length === 0) return "(empty)";
  const text = textOf(body);
  if (text === null)
    return withRest(hexDump(body.subarray(0, SHOWN_BYTES)), body.length - SHOWN_BYTES, "bytes");
  const json = jsonOf(text);
  const whole = json === undefined ? text : JSON.stringify(json, null, 2);
  const shown = whole.slice(0, SHOWN_CHARACTERS);
  return withRest(safeLines(shown), whole.length - shown.length, "characters");
}

function withRest(shown: string, rest: number, unit: string): string {
  return rest > 0 ? `${shown}\n... and ${rest} more ${unit} (--raw prints all of it)` : shown;
}

/** The letter for `--json`; the body is `body` when it is JSON, else `body_text`, else `body_base64`. */
export function letterJson(seen: SeenLetter, { withBody }: { readonly withBody: boolean }) {
  const { id, queue, letter, prospect } = seen;
  return {
    id,
    message_id: letter.messageId,
    queue: queue.name,
    died_at: isoOf(letter.diedAtMs),
    first_seen: isoOf(letter.firstSeenMs),
    attempts: letter.attempts,
    reason: letter.reason,
    bytes: letter.body.length,
    state: prospect.kind,
    to_do: adviceOn(seen),
    ...(withBody ? { headers: letter.headers, ...bodyJson(letter.body) } : {}),
  };
}

function bodyJson(body: Buffer): Readonly<Record<string, unknown>> {
  const text = textOf(body);
  if (text === null) return { body_base64: body.toString("base64") };
  const json = jsonOf(text);
  return json === undefined ? { body_text: text } : { body: json };
}

/** Null when the bytes are not UTF-8. */
function textOf(body: Buffer): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return null;
  }
}

/** Undefined when it is not JSON, or too deeply nested to be laid out. */
function jsonOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isDeeperThan(MAX_LEVELS, value) ? undefined : value;
  } catch {
    return undefined;
  }
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((part) => isDeeperThan(levels - 1, part));
}

function isoOf(ms: number | null): string | null {
  return ms === null || !isDate(ms) ? null : new Date(ms).toISOString();
}

function momentOf(ms: number | null): string {
  return (
    isoOf(ms)
      ?.replace("T", " ")
      .replace(/\.\d+Z$/, "Z") ?? "unknown"
  );
}

/** A header may hold any number; a date ends after 8.64e15 ms. */
function isDate(ms: number): boolean {
  return Math.abs(ms) <= 8.64e15;
}

function seconds(ms: number): string {
  const whole = Math.round(ms / 1_000);
  if (whole < 120) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

/** Aligned cells; the last column has any length. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
