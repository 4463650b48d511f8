import { existsSync, readdirSync } from "node:fs";
import { basename, join, parse, sep } from "node:path";
import { InputError } from "#libs/recordings/input-error.ts";
import { STANDARD_INPUT } from "#libs/recordings/source/open-source.ts";
import { callersPath } from "#services/shared/arguments.ts";

const WILDCARD = /[*?[\]]/;

/**
 * The files that the values of an option name, absolute: each value is a path, or a pattern with `*`, `?` and `[a-z]`
 * in any part of it. A file that has such characters in its name is that file.
 * @param folder that relative paths start from.
 * @throws InputError when a pattern fits no file.
 */
export function expandPaths(option: string, values: readonly string[], folder: string): readonly string[] {
  const found = values.flatMap((value) => {
    const path = callersPath(folder, value);
    if (path === STANDARD_INPUT || !WILDCARD.test(path) || existsSync(path)) return [path];
    const matches = filesOf(path);
    if (matches.length > 0) return matches;
    throw new InputError(`${option} ${JSON.stringify(value)} fits no file in ${folder}: check the pattern`);
  });
  const twice = found.find((path, k) => found.indexOf(path) !== k);
  if (twice === undefined) return found;
  throw new InputError(`${option} names ${twice} twice: give each file once`);
}

/** Files that fit an absolute pattern, in alphabetical order. */
function filesOf(pattern: string): readonly string[] {
  const { root } = parse(pattern);
  const parts = pattern.slice(root.length).split(sep);
  return parts.reduce<readonly string[]>(
    (folders, part, k) => folders.flatMap((folder) => entriesOf(folder, part, k === parts.length - 1)),
    [root],
  );
}

function entriesOf(folder: string, part: string, wantsFile: boolean): readonly string[] {
  if (!WILDCARD.test(part)) {
    const path = join(folder, part);
    return existsSync(path) ? [path] : [];
  }
  const pattern = patternOf(part);
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => pattern.test(entry.name) && !(wantsFile && entry.isDirectory()))
      .filter(({ name }) => part.startsWith(".") || !name.startsWith("."))
      .map(({ name }) => join(folder, name))
      .sort();
  } catch {
    // What cannot be listed holds no file for this command.
    return [];
  }
}

function patternOf(part: string): RegExp {
  const source = part
    .replace(/\*+/g, "*")
    .replace(/\[([^\]]+)\]|[\s\S]/g, (text, set: string | undefined) => {
      if (set !== undefined) return `[${set.replace(/^[!^]/, "^").replace(/[\\\]]/g, "\\$&")}]`;
      if (text === "*") return "[^/]*";
      if (text === "?") return "[^/]";
      return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
    });
  try {
    return new RegExp(`^${source}$`, "u");
  } catch {
    throw new InputError(`${JSON.stringify(basename(part))} is not a pattern of file names`);
  }
}
