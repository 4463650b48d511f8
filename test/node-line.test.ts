import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { MANIFESTS } from "#services/manifests.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const read = (file: string) => readFileSync(`${ROOT}${file}`, "utf8");

interface Package {
  readonly engines: { readonly node: string };
  readonly scripts: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}
const manifest: Package = JSON.parse(read("package.json"));

/** The one statement of the oldest Node, `20.19`, and that of the recommended one, `24`. */
const oldest = manifest.engines.node.replace(">=", "");
const recommended = read(".node-version").trim();
const [oldestMajor = ""] = oldest.split(".");

describe("the supported line of Node", () => {
  it("is a lowest version and a recommended one above it", () => {
    expect(oldest).toMatch(/^\d+\.\d+$/);
    expect(Number(recommended)).toBeGreaterThan(Number(oldestMajor));
  });

  it("has the types of the oldest, so that nothing newer compiles", () => {
    expect(manifest.devDependencies["@types/node"]).toMatch(new RegExp(`^\\^${oldestMajor}\\.`));
  });

  it("is what every bundle is made for", () => {
    const targets = ["infra", "services", "test/programs"]
      .flatMap((folder) => readdirSync(ROOT + folder, { recursive: true }).map((file) => `${folder}/${file}`))
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) => [...read(file).matchAll(/target: "(node[^"]*)"/g)])
      .map((match) => match[1]);
    expect(targets.length).toBeGreaterThanOrEqual(2);
    expect(new Set(targets)).toEqual(new Set([`node${oldestMajor}`]));
  });

  it("is in all images the recommended one", () => {
    const own = MANIFESTS.filter(({ image }) => image === "own").map(({ name }) => `Dockerfile.${name}`);
    for (const file of [...own, "infra/images/Dockerfile"]) {
      expect(read(file), file).toContain(`ARG NODE_IMAGE=node:${recommended}-`);
    }
  });

  it("is checked at both ends by the workflow", () => {
    expect(read(".github/workflows/ci.yml")).toContain(`node-version: "${oldest}"`);
    expect(read(".ci/run")).toContain('"node@$(cat .node-version)"');
  });
});

describe("the check before the first line of TypeScript", () => {
  /** The check as a Node of this version would run it. */
  function checked(version: string) {
    const pretend = `Object.defineProperty(process, "versions", { value: { node: "${version}" } });`;
    const args = ["-e", `${pretend} require("./infra/build/check-node.cjs")`];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
    return { status, stdout, stderr };
  }

  it.each(["12.22.12", "18.20.8", "20.18.3"])(
    "refuses %s in one sentence that says what to install",
    (version) => {
      expect(checked(version)).toEqual({
        status: 2,
        stdout: "",
        stderr: `crypto-backtest needs Node ${oldest} or newer, and this is ${version}: install Node ${recommended} from https://nodejs.org and run the command again.\n`,
      });
    },
  );

  it.each(["20.19.0", "22.0.0", "24.11.1"])("lets %s pass without a word", (version) => {
    expect(checked(version)).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  it("comes before the commands that a newcomer runs first", () => {
    for (const command of ["start", "backtest"]) {
      expect(manifest.scripts[`pre${command}`]).toBe("node infra/build/check-node.cjs");
    }
  });

  it("is written for any Node: no syntax of this century's second decade", () => {
    expect(read("infra/build/check-node.cjs")).not.toMatch(/=>|\b(const|let|import|class)\b.*[={]|`/);
  });
});
