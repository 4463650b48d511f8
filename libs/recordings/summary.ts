import type { Source } from "./rows/collect-rows.ts";
import { counted } from "./rows/problems.ts";

const FILES_SHOWN = 3;

/**
 * One line that says what was understood of files.
 * @param what was read of all of them.
 * @param equal rows that were there more than once.
 * @param notes what else a person should know.
 */
export function describeSources(
  sources: readonly Source[],
  what: string,
  order: "oldest first" | "newest first" | "mixed",
  equal: number,
  notes: readonly string[],
): string {
  const names = sources.slice(0, FILES_SHOWN).map(({ path }) => (path === "-" ? "standard input" : path));
  if (sources.length > FILES_SHOWN) names.push(`${sources.length - FILES_SHOWN} more`);
  const understood = [...new Set(sources.map(formOf))].join(" and ");
  const total = (count: (source: Source) => number) =>
    sources.reduce((sum, source) => sum + count(source), 0);
  const skipped = [
    ...(order === "newest first" ? ["newest first"] : order === "mixed" ? ["sorted by time"] : []),
    ...amount(equal, "equal duplicate row", "taken once"),
    ...amount(
      total(({ facts }) => facts.repeatedHeaders),
      "repeated header",
      "skipped",
    ),
    ...amount(
      total(({ facts }) => facts.preamble + facts.comments),
      "line of text",
      "skipped",
    ),
    ...amount(
      total(({ facts }) => facts.others),
      "other JSON value",
      "skipped",
    ),
    ...notes,
  ];
  return `${names.join(", ")}: ${what} (${[understood, ...skipped].join("; ")})`;
}

function formOf({ packing, facts }: Source): string {
  const header = facts.header === "by name" ? "header by meaning" : "no header, columns by position";
  const shape =
    facts.place === "row" ? (facts.header === "by name" ? "JSON objects" : "JSON arrays") : header;
  const times = [...facts.timeForms].join(" and ");
  return [...(packing === null ? [] : [packing]), shape, `times in ${times}`].join(", ");
}

function amount(count: number, what: string, done: string): string[] {
  return count === 0 ? [] : [`${counted(count, what)} ${done}`];
}

/** A moment in UTC, to the minute. */
export function minute(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 16).replace("T", " ");
}
