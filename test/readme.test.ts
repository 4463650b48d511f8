import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { SETTINGS, type SettingName } from "#libs/config/settings.ts";
import { FAULTS } from "#libs/contracts/faults.ts";
import { QUEUES } from "#libs/contracts/queues.ts";
import { TABLES } from "#libs/contracts/tables.ts";
import { DEFAULT_TRADE_RULES } from "#libs/trading/trade-rules.ts";
import { MANIFESTS } from "#services/manifests.ts";
import type { ServiceManifest } from "#services/shared/manifest.ts";
import {
  anchorTargets,
  codeBlocks,
  costRows,
  diagramOf,
  displayWidth,
  headings,
  isDiagram,
  tableRows,
} from "#test/support/markdown.ts";

const README = join(dirname(fileURLToPath(import.meta.url)), "..", "README.md");
const KOREAN_README = join(dirname(README), "README.ko.md");
const TABLE = /<!-- settings -->\n([\s\S]*?)<!-- \/settings -->/;

const FAULTS_TABLE = /<!-- faults -->\n([\s\S]*?)<!-- \/faults -->/;

/** The table of faults, generated from the catalogue. */
function faultsTable(): string {
  const rows = Object.values(FAULTS).map(
    ({ message, metric, remedy }) => `| \`${message}\` | \`${metric}\` | ${remedy} |`,
  );
  return ["| log message | metric | remedy |", "|---|---|---|", ...rows, ""].join("\n");
}

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

function settingsTable(manifests: readonly ServiceManifest[] = MANIFESTS): string {
  const rows = (Object.keys(SETTINGS) as SettingName[]).map((name) => {
    const readers = manifests.filter(({ settings }) => settings.includes(name)).map((reader) => reader.name);
    const readBy = readers.length === manifests.length ? "all" : readers.join(", ");
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

  it("lists every fault with its log line, its metric and what to do (UPDATE_README=1 writes the table)", () => {
    const text = readFileSync(README, "utf8");
    if (process.env.UPDATE_README === "1") {
      writeFileSync(
        README,
        text.replace(FAULTS_TABLE, () => `<!-- faults -->\n${faultsTable()}<!-- /faults -->`),
      );
    }
    expect(FAULTS_TABLE.exec(readFileSync(README, "utf8"))?.[1]).toBe(faultsTable());
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

  it("states the rules of a trade with the engine's defaults", () => {
    const text = readFileSync(README, "utf8").replaceAll(/\s+/g, " ");
    const { marginUsdt, leverage, stopLossPercent, takeProfitPercent, takerFeePercent, slippagePercent } =
      DEFAULT_TRADE_RULES;
    expect(text).toContain(
      `with $${marginUsdt} of margin at ${leverage}x, a stop of ${stopLossPercent} % and a target of ${takeProfitPercent} %; ` +
        `taker fee ${takerFeePercent} % and slippage ${slippagePercent} %`,
    );
  });

  it("names queues and tables as they are", () => {
    const text = readFileSync(README, "utf8");
    for (const { name } of [...QUEUES, ...TABLES]) expect(text).toContain(name);
  });
});

describe("the Korean README", () => {
  const english = readFileSync(README, "utf8");
  const korean = readFileSync(KOREAN_README, "utf8");

  it("has the same code blocks to the byte, but for the diagram's words", () => {
    const others = (text: string) => codeBlocks(text).filter((block) => !isDiagram(block));
    expect(others(english).length).toBeGreaterThan(10);
    expect(others(korean)).toEqual(others(english));
    expect(codeBlocks(korean).findIndex(isDiagram)).toBe(codeBlocks(english).findIndex(isDiagram));
  });

  it("has the diagram with every column where it is in English, a Korean character being two columns wide", () => {
    // Where the arrow or the name of a service starts, and where the words after it do.
    const columnsOf = (text: string) =>
      diagramOf(text).map((line) => {
        const arrow = /^( +)([|v])( *)/.exec(line);
        const lane = /^( .*? {2,})([a-z]+ +)/.exec(line);
        const before = arrow?.[1] ?? lane?.[1] ?? "";
        const between = arrow === null ? (lane?.[2] ?? "") : `${arrow[2]}${arrow[3]}`;
        return [displayWidth(before), displayWidth(before + between), between.trim()];
      });
    expect(columnsOf(english).length).toBeGreaterThan(8);
    expect(columnsOf(korean)).toEqual(columnsOf(english));
  });

  it("has the same sections in the same order", () => {
    const levels = (text: string) => headings(text).map(({ level }) => level);
    expect(levels(english).length).toBeGreaterThan(15);
    expect(levels(korean)).toEqual(levels(english));
  });

  it("links from its contents to the same sections, and to the English one", () => {
    const targets = anchorTargets(english);
    expect(targets.length).toBeGreaterThan(8);
    expect(targets).not.toContain(-1);
    expect(anchorTargets(korean)).toEqual(targets);
    expect(english).toContain("](README.ko.md)");
    expect(korean).toContain("](README.md)");
  });

  it("lists the same variables with the same defaults and readers", () => {
    const rows = (text: string) =>
      tableRows(TABLE.exec(text)?.[1] ?? "")
        .slice(2)
        .map(([name, byDefault, meaning, readers]) => ({
          name,
          byDefault,
          explained: meaning !== "",
          readers: readers === "모두" ? "all" : readers,
        }));
    expect(rows(english)).toHaveLength(Object.keys(SETTINGS).length);
    expect(rows(korean)).toEqual(rows(english));
  });

  it("lists the same log lines with the same metrics", () => {
    const lines = (text: string) =>
      tableRows(FAULTS_TABLE.exec(text)?.[1] ?? "")
        .slice(2)
        .map(([line, metric, remedy]) => ({ line, metric, explained: remedy !== "" }));
    expect(lines(english)).toHaveLength(Object.keys(FAULTS).length);
    expect(lines(korean)).toEqual(lines(english));
  });

  it("has tables of the same size", () => {
    const sizes = (text: string) => tableRows(text).map((cells) => cells.length);
    expect(sizes(korean)).toEqual(sizes(english));
  });

  it("names the same figures in the cost tables", () => {
    expect(costRows(english).length).toBeGreaterThan(15);
    expect(costRows(korean)).toEqual(costRows(english));
  });
});
