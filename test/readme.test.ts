import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { QUEUES } from "#libs/contracts/queues.ts";
import { TABLES } from "#libs/contracts/tables.ts";
import { SETTINGS, type SettingName } from "#libs/runtime/settings.ts";
import { ANALYZER_SETTINGS } from "#services/analyzer/config.ts";
import { FINDER_SETTINGS } from "#services/finder/config.ts";
import { SCANNER_SETTINGS } from "#services/scanner/config.ts";
import { SELECTOR_SETTINGS } from "#services/selector/config.ts";

const README = join(dirname(fileURLToPath(import.meta.url)), "..", "README.md");
const TABLE = /<!-- settings -->\n([\s\S]*?)<!-- \/settings -->/;

const READERS: readonly (readonly [string, readonly SettingName[]])[] = [
  ["scanner", SCANNER_SETTINGS],
  ["analyzer", ANALYZER_SETTINGS],
  ["selector", SELECTOR_SETTINGS],
  ["finder", FINDER_SETTINGS],
];

function defaultOf(name: SettingName): string {
  const value: unknown = SETTINGS[name].parse(undefined);
  if (value === undefined) return "";
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return Object.entries(value)
      .map(([key, entry]) => `${key}:${entry}`)
      .join(",");
  }
  return String(value);
}

function settingsTable(): string {
  const rows = (Object.keys(SETTINGS) as SettingName[]).map((name) => {
    const readers = READERS.filter(([, names]) => names.includes(name)).map(([service]) => service);
    const readBy = readers.length === READERS.length ? "all" : readers.join(", ");
    const byDefault = defaultOf(name);
    return `| \`${name}\` | ${byDefault === "" ? "" : `\`${byDefault}\``} | ${SETTINGS[name].description ?? ""} | ${readBy} |`;
  });
  return ["| variable | default | meaning | read by |", "|---|---|---|---|", ...rows, ""].join("\n");
}

describe("the README", () => {
  it("lists every variable with its default and who reads it (UPDATE_README=1 writes the table)", () => {
    const text = readFileSync(README, "utf8");
    if (process.env.UPDATE_README === "1") {
      writeFileSync(README, text.replace(TABLE, `<!-- settings -->\n${settingsTable()}<!-- /settings -->`));
    }
    expect(TABLE.exec(readFileSync(README, "utf8"))?.[1]).toBe(settingsTable());
  });

  it("names commands that exist", () => {
    const text = readFileSync(README, "utf8");
    const scripts = Object.keys(
      (JSON.parse(readFileSync(join(dirname(README), "package.json"), "utf8")) as { scripts: object })
        .scripts,
    );
    const named = [...text.matchAll(/npm run (?:-s )?([a-z][a-z-]*)/g)].map((match) => match[1] ?? "");
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => !scripts.includes(name))).toEqual([]);
  });

  it("names queues and tables as they are", () => {
    const text = readFileSync(README, "utf8");
    for (const { name } of [...QUEUES, ...TABLES]) expect(text).toContain(name);
  });
});
