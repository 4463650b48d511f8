import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** One call of a logger in the source. */
export interface LogCall {
  /** From the project's root, with the line: `libs/runtime/every.ts:41`. */
  readonly at: string;
  readonly level: string;
  /** The source text of the arguments. */
  readonly args: readonly string[];
}

const CALL = /\b(?:[a-zA-Z]*[lL]ogger|log)\??\.(trace|debug|info|warn|error|fatal)\(/g;

/** All calls of a logger in the TypeScript files of a folder, in the order of the files. */
export function logCallsIn(folder: string): readonly LogCall[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .flatMap((path) => {
      const text = readFileSync(path, "utf8");
      return [...text.matchAll(CALL)].map((match) => ({
        at: `${relative(ROOT, path)}:${text.slice(0, match.index).split("\n").length}`,
        level: match[1] ?? "",
        args: argumentsFrom(text, match.index + match[0].length),
      }));
    });
}

/** The arguments of a call from behind its opening bracket on, split at the commas of the call itself. */
export function argumentsFrom(text: string, start: number): readonly string[] {
  const args: string[] = [];
  let depth = 0;
  let from = start;
  for (let at = start; at < text.length; at++) {
    const character = text[at] ?? "";
    if (`"'\``.includes(character)) at = endOfString(text, at);
    else if ("([{".includes(character)) depth++;
    else if (depth === 0 && (character === "," || character === ")")) {
      args.push(text.slice(from, at).trim());
      from = at + 1;
      if (character === ")") return args.filter((argument) => argument !== "");
    } else if (")]}".includes(character)) depth--;
  }
  throw new Error(`no end of the call at ${text.slice(start, start + 80)}`);
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === text[start]) return at;
  }
  throw new Error(`no end of the string at ${text.slice(start, start + 80)}`);
}
