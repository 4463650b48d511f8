import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { SERVICES } from "#services/manifests.ts";
import { argumentsFrom, type LogCall, logCallsIn } from "#test/support/log-calls.ts";
import { tableRows } from "#test/support/markdown.ts";

const DOCUMENT = join(dirname(fileURLToPath(import.meta.url)), "..", "docs", "log-messages.md");
const FOLDERS = [...SERVICES.map((name) => `services/${name}`), "services/local", "services/shared", "libs"];

/** A fault's message comes from the catalogue, whose table is in the README. */
const isFault = ({ args }: LogCall) => /(?:^|\.)(?:fault|FAULTS\.\w+)\.message$/.test(args.at(-1) ?? "");
const isConstant = ({ args }: LogCall) => /^"(?:[^"\\]|\\.)*"$/.test(args.at(-1) ?? "");

function documented(folder: string): string[] {
  const [, table = ""] = readFileSync(DOCUMENT, "utf8").split(new RegExp(`<!-- /?${folder} -->\n`));
  return tableRows(table)
    .slice(2)
    .map(([level = "", message = ""]) => `${level} ${message.replaceAll("`", "")}`);
}

describe("log messages", () => {
  it.each(FOLDERS)("of %s are constant texts behind an object of fields", (folder) => {
    const others = logCallsIn(folder).filter((call) => !isFault(call) && !isConstant(call));
    expect(others).toEqual([]);
    expect(logCallsIn(folder).filter(({ args }) => args.length !== 2)).toEqual([]);
  });

  it.each(FOLDERS)("of %s are those of docs/log-messages.md", (folder) => {
    const messages = logCallsIn(folder)
      .filter((call) => !isFault(call))
      .map(({ level, args }) => `${level} ${String(JSON.parse(args.at(-1) ?? "null"))}`);
    expect(messages.length).toBeGreaterThan(0);
    expect(documented(folder).toSorted()).toEqual([...new Set(messages)].toSorted());
  });

  it("mean one event: no message is documented twice", () => {
    const messages = FOLDERS.flatMap(documented);
    expect(messages.filter((message, i) => messages.indexOf(message) < i)).toEqual([]);
  });
});

describe("the arguments of a call", () => {
  it("are split at its own commas, whatever strings, objects and calls contain", () => {
    const text = 'log({ a: [1, f(2, 3)], b: "x, )" }, `}, (y`, "last \\" one")';
    expect(argumentsFrom(text, 4)).toEqual(['{ a: [1, f(2, 3)], b: "x, )" }', "`}, (y`", '"last \\" one"']);
  });
});
