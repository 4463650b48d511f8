import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What a library is compared by, and what it needs beside it: names and exact versions. */
export type Packages = Readonly<Record<string, string>>;

export type InstalledLibrary =
  | { readonly kind: "installed"; readonly modules: Readonly<Record<string, unknown>> }
  | { readonly kind: "refused"; readonly reason: string };

/**
 * Libraries that are only measured here are no dependencies of the project: some have not been maintained for years,
 * and would bring what they depend on into every installation. They are installed when asked for, each into a folder
 * of its own under `node_modules/.cache`, once.
 * @returns the exports of each package by its name, or what npm said.
 */
export async function installedLibrary(packages: Packages): Promise<InstalledLibrary> {
  const [name = "", version = ""] = Object.entries(packages)[0] ?? [];
  const root = join(import.meta.dirname, "../../node_modules/.cache/bench-libraries", `${name}@${version}`);
  const entry = join(root, "entry.mjs");
  const manifest = JSON.stringify({ private: true, dependencies: packages });
  const installed = await readFile(join(root, "installed.json"), "utf8").catch(() => null);
  if (installed !== manifest) {
    await mkdir(root, { recursive: true });
    await writeFile(join(root, "package.json"), manifest);
    try {
      await run("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"], {
        cwd: root,
        timeout: 180_000,
      });
    } catch (error) {
      return { kind: "refused", reason: reasonOf(error) };
    }
    // An entry of its own, since only a file inside the folder sees what is installed there.
    const names = Object.keys(packages);
    const imports = names.map((name, k) => `import * as m${k} from ${JSON.stringify(name)};`);
    const exported = names.map((name, k) => `${JSON.stringify(name)}: m${k}.default ?? m${k}`);
    await writeFile(entry, `${imports.join("\n")}\nexport const modules = { ${exported.join(", ")} };\n`);
    await writeFile(join(root, "installed.json"), manifest);
  }
  const { modules } = await import(pathToFileURL(createRequire(entry).resolve("./entry.mjs")).href);
  return { kind: "installed", modules };
}

/** npm's own words: the first line that says what is wrong. */
function reasonOf(error: unknown): string {
  const stderr = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
  const said = stderr
    .split("\n")
    .filter((line) => line.startsWith("npm error "))
    .map((line) => line.replace(/^npm error (code |notarget |network )?/, "").trim())
    .filter((line) => line.includes(" "));
  return said[0] ?? (stderr.trim() || String(error));
}
