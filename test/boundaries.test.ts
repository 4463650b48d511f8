import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { SERVICES } from "#services/manifests.ts";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");

interface SourceFile {
  /** From the project's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** What it imports: a path from the root, or a package's name. */
  readonly imports: readonly string[];
}

function sourceFiles(folder: string): SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => {
      const absolute = join(entry.parentPath, entry.name);
      const path = relative(ROOT, absolute);
      const text = readFileSync(absolute, "utf8");
      const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(
        (match) => match[1] ?? "",
      );
      return { path, text, imports: specifiers.map((specifier) => resolved(path, specifier)) };
    });
}

function resolved(path: string, specifier: string): string {
  if (specifier.startsWith("#")) return specifier.slice(1);
  if (specifier.startsWith(".")) return join(dirname(path), specifier);
  return specifier;
}

/** What manifests and configurations may know: definitions and rules, nothing that does something. */
const MANIFEST_IMPORTS = ["libs/candles", "libs/trading", "libs/contracts", "libs/config"];

/** Rules that several configurations share. */
const CONFIG_RULES = ["services/shared/live-settings.ts", "services/shared/trade-rules-of.ts"];

/** What each folder may import of this project, itself always included; the first matching folder counts. */
const ALLOWED: readonly (readonly [folder: string, mayImport: readonly string[]])[] = [
  ["libs/candles", []],
  ["libs/strategy", ["libs/candles"]],
  ["libs/trading", ["libs/candles", "libs/strategy"]],
  ["libs/backtest", ["libs/candles", "libs/strategy", "libs/trading"]],
  ["libs/execution", ["libs/candles", "libs/strategy", "libs/trading", "libs/backtest"]],
  ["libs/chart", ["libs/candles", "libs/strategy", "libs/trading", "libs/backtest"]],
  ["libs/contracts", ["libs/candles"]],
  ["libs/terminal", []],
  // The settings of the trade rules take their defaults from the rules.
  ["libs/config", ["libs/candles", "libs/contracts", "libs/trading"]],
  ["libs/runtime", ["libs/contracts", "libs/config", "libs/terminal"]],
  ["libs/recordings", ["libs/candles"]],
  ["libs/market", ["libs/candles", "libs/contracts", "libs/runtime"]],
  ["libs/history", ["libs/candles", "libs/strategy", "libs/market"]],
  ["libs/simulator", ["libs/candles", "libs/contracts", "libs/runtime", "libs/recordings"]],
  ["libs/queue", ["libs/contracts", "libs/runtime"]],
  ["libs/store", ["libs/candles", "libs/contracts", "libs/runtime"]],
  // A service knows the libraries and what the services share, but no other service.
  ["services/shared/manifest.ts", MANIFEST_IMPORTS],
  ...CONFIG_RULES.map((path): readonly [string, readonly string[]] => [
    path,
    [...MANIFEST_IMPORTS, ...CONFIG_RULES],
  ]),
  ["services/shared", ["libs"]],
  ["services/cli", ["libs", "services/shared"]],
  // All services in one process.
  ["services/local", ["libs", "services"]],
  // A manifest is data, and a configuration is its schema: infrastructure and tests read them without the service.
  ["services/manifests.ts", SERVICES.map((name) => `services/${name}/manifest.ts`)],
  ...SERVICES.flatMap((name): readonly [string, readonly string[]][] => [
    [
      `services/${name}/manifest.ts`,
      [...MANIFEST_IMPORTS, "services/shared/manifest.ts", `services/${name}/config.ts`],
    ],
    [`services/${name}/config.ts`, [...MANIFEST_IMPORTS, ...CONFIG_RULES]],
    [`services/${name}`, ["libs", "services/shared"]],
  ]),
  [
    "infra",
    [
      "libs/contracts",
      "libs/config",
      "libs/terminal",
      "services/manifests.ts",
      "services/shared/manifest.ts",
    ],
  ],
];

/** Pure: no package, no I/O, no clock, no chance. */
const CORE = ["libs/candles", "libs/strategy", "libs/trading", "libs/backtest", "libs/execution"];

/** Adapters of one port do not know each other. */
const STRANGERS: readonly (readonly [string, string])[] = [
  ["libs/market", "libs/simulator"],
  ["libs/queue/rabbitmq", "libs/queue/in-process"],
  ["libs/store/dynamodb", "libs/store/embedded"],
];

const inside = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);
const files = [...sourceFiles("libs"), ...sourceFiles("services"), ...sourceFiles("infra")];

describe("the boundaries of the source tree", () => {
  it("lets dependencies point one way only", () => {
    const wrong = files.flatMap((file) => {
      const rule = ALLOWED.find(([folder]) => inside(file.path, folder));
      if (rule === undefined) return [`${file.path} is in no known folder`];
      const [folder, mayImport] = rule;
      return file.imports
        .filter((target) => /^(libs|services|infra|test)\//.test(target))
        .filter((target) => ![folder, ...mayImport].some((allowed) => inside(target, allowed)))
        .map((target) => `${file.path} imports ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  it("keeps candles, strategies, trading rules and the backtest free of packages, I/O, clocks and chance", () => {
    const core = files.filter((file) => CORE.some((folder) => inside(file.path, folder)));
    expect(core.length).toBeGreaterThan(10);
    const wrong = core.flatMap((file) => [
      ...file.imports
        .filter((target) => !target.startsWith("libs/"))
        .map((target) => `${file.path} imports ${target}`),
      ...[
        ...file.text.matchAll(/\b(Date\.now|new Date\(\)|performance\.|Math\.random|process\.|console\.)/g),
      ].map((match) => `${file.path} uses ${match[0]}`),
    ]);
    expect(wrong).toEqual([]);
  });

  it("lets adapters of one port not know each other", () => {
    const wrong = files.flatMap((file) =>
      STRANGERS.flatMap(([one, other]) => [
        ...(inside(file.path, one) ? file.imports.filter((target) => inside(target, other)) : []),
        ...(inside(file.path, other) ? file.imports.filter((target) => inside(target, one)) : []),
      ]).map((target) => `${file.path} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it("drops the check of an array's bounds in hot loops only, which are in the core and in the readers of files", () => {
    const hot = [...CORE, "libs/recordings"];
    const unchecked = files.filter(({ text }) => /\] as number\b/.test(withoutComments(text)));
    expect(unchecked.length).toBeGreaterThan(0);
    expect(
      unchecked.map(({ path }) => path).filter((path) => !hot.some((folder) => inside(path, folder))),
    ).toEqual([]);
  });

  it.each([
    ["process.env", /\bprocess\.env\b/, ["libs/config/environment.ts"]],
    ["process.on and process.exit", /\bprocess\.(on|once|exit)\b/, ["libs/runtime/lifecycle.ts"]],
    ["Date.now", /\bDate\.now\b/, ["libs/runtime/clock.ts"]],
    ["process.stdout, stderr and argv", /\bprocess\.(stdout|stderr|argv)\b/, ["libs/terminal/terminal.ts"]],
    ["console", /\bconsole\./, []],
  ])("touches %s in one known place only", (_, pattern, places) => {
    const users = [...sourceFiles("libs"), ...sourceFiles("services")]
      .filter((file) => pattern.test(withoutComments(file.text)))
      .map((file) => file.path);
    expect(users.filter((path) => !(places as readonly string[]).includes(path))).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*$/gm, "");
}
