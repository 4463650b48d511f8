import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** What a page consists of beside its data. */
export interface PageBundle {
  readonly script: string;
  readonly style: string;
  readonly licence: string;
}

const PAGE = fileURLToPath(new URL("page/", import.meta.url));

/** Bundles the page's script with the chart library, and its style, from their sources. */
export async function bundlePage(): Promise<PageBundle> {
  const { outputFiles } = await build({
    entryPoints: [join(PAGE, "main.ts"), join(PAGE, "page.css")],
    outdir: PAGE,
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: ["es2022", "chrome110", "firefox110", "safari16"],
    charset: "utf8",
    legalComments: "inline",
    logLevel: "silent",
  });
  const textOf = (ending: string): string => {
    const file = outputFiles.find(({ path }) => path.endsWith(ending));
    if (file === undefined) throw new Error(`the bundle of the report's page has no ${ending} file`);
    return file.text;
  };
  return { script: textOf(".js"), style: textOf(".css"), licence: await chartLicence() };
}

async function chartLicence(): Promise<string> {
  const library = createRequire(import.meta.url).resolve("lightweight-charts/package.json");
  return readFile(join(dirname(library), "LICENSE"), "utf8");
}
