import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { commandLineArguments, print } from "#libs/terminal/terminal.ts";
import { programsOf } from "./programs.ts";

/*
 * One file per program, so that an image needs no node_modules: `npm run build` writes all of them to dist/,
 * `npm run build -- finder health` only those named, `npm run build -- --out FOLDER` to another folder.
 */

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const PROGRAMS = programsOf();

/** CommonJS packages in an ES module call `require`, which modules do not have. */
const REQUIRE =
  'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);';

const { positionals: asked, values } = parseArgs({
  args: [...commandLineArguments()],
  options: { out: { type: "string", default: "dist" } },
  allowPositionals: true,
});
const unknown = asked.filter((name) => !(name in PROGRAMS));
if (unknown.length > 0) {
  throw new Error(`unknown program ${unknown.join(", ")}; expected ${Object.keys(PROGRAMS).join(", ")}`);
}
const names = asked.length > 0 ? asked : Object.keys(PROGRAMS);

const result = await build({
  absWorkingDir: ROOT,
  entryPoints: names.map((name) => ({ in: PROGRAMS[name] ?? name, out: name })),
  outdir: values.out,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  // Not minified: a stack trace in a log must be readable, and a few MiB do not matter in an image.
  keepNames: true,
  legalComments: "none",
  banner: { js: REQUIRE },
  metafile: true,
  logLevel: "warning",
});
for (const [file, { bytes }] of Object.entries(result.metafile.outputs)) {
  print(`${file} ${(bytes / 1024).toFixed(0)} KiB\n`);
}
