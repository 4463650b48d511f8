import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { MANIFESTS, SERVICES } from "#services/manifests.ts";
import { startProgram } from "#test/support/process/program.ts";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");

/** What a secret looks like; the words are put together so that this file is none. */
const SECRETS: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["an AWS access key", /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/],
  ["an AWS secret key", /aws_?secret_?(?:access_?)?key["'\s:=]+[A-Za-z0-9/+]{40}\b/i],
  ["a private key", new RegExp(`-----BEGIN (?:[A-Z]+ )*PRIVATE ${"KEY"}-----`)],
  ["a token of GitHub", /\b(?:ghp|gho|ghs|ghr)_[A-Za-z0-9]{36}\b|\bgithub_pat_[A-Za-z0-9_]{60,}/],
  ["a token of npm", /\bnpm_[A-Za-z0-9]{36}\b|_authToken\s*=\s*[A-Za-z0-9-]{20,}/],
  ["a token of Slack", /\bxox[abprs]-[A-Za-z0-9-]{10,}/],
  ["a JSON web token", /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/],
  ["a Bybit key", /\bBYBIT_API_(?:KEY|SECRET)\s*[=:]\s*["']?[A-Za-z0-9]{12,}/],
];

/** The broker's documented default, and the words that tests and texts use for a password. */
const HARMLESS_PASSWORDS =
  /^(?:guest|password|pass|pw|p|b|(?:12[#?])?hunter2\S*|hun|s3cret\S*|secret\S*|x|\$.*|<.*|\{.*|p%.*)$/;
const URL_PASSWORD = /\b(?:amqps?|https?|rediss?|postgres):\/\/[^\s/:@"'`]*:([^\s/@"'`]+)@/g;

const tracked = execFileSync("git", ["ls-files", "-z"], { cwd: ROOT, encoding: "utf8" })
  .split("\0")
  .filter((path) => path !== "" && !path.endsWith(".gz") && !path.endsWith(".png"));

describe("the repository", () => {
  it("holds no secret", () => {
    expect(tracked.length).toBeGreaterThan(100);
    const found = tracked.flatMap((path) => {
      const text = readFileSync(join(ROOT, path), "utf8");
      const kinds = SECRETS.filter(([, pattern]) => pattern.test(text)).map(([what]) => what);
      const passwords = [...text.matchAll(URL_PASSWORD)].map((match) => match[1] ?? "");
      const real = passwords.filter((word) => !HARMLESS_PASSWORDS.test(word));
      return [...kinds, ...real.map((word) => `a password in an address, ${word}`)].map(
        (what) => `${path}: ${what}`,
      );
    });
    expect(found).toEqual([]);
  });

  it("holds no file that is for secrets", () => {
    expect(
      tracked.filter((path) =>
        /(^|\/)(\.env(\..*)?|\.npmrc|id_[a-z0-9]+|credentials)$|\.(pem|key|p12)$/.test(path),
      ),
    ).toEqual([]);
  });
});

describe("an image", () => {
  const COPY = /^COPY\s+--from=build\s+(.+)$/gm;

  it.each(SERVICES)("of the %s holds bundles of ours and nothing else", (service) => {
    const own = MANIFESTS.find(({ name }) => name === service)?.image === "own";
    const file = own ? `Dockerfile.${service}` : "infra/images/Dockerfile";
    const dockerfile = readFileSync(join(ROOT, file), "utf8").replaceAll(/\$\{SERVICE\}/g, service);
    const last = dockerfile.slice(dockerfile.lastIndexOf("\nFROM "));
    const sources = [...last.matchAll(COPY)].flatMap((match) =>
      (match[1] ?? "").trim().split(/\s+/).slice(0, -1),
    );
    expect(sources).not.toEqual([]);
    for (const source of sources) expect(source).toMatch(/^\/build\/dist\/[a-z-]+\.mjs$/);
    expect(last.match(/^(?:COPY|ADD)\b/gm)).toHaveLength([...last.matchAll(COPY)].length);
    // A value given to the build stays in the image's history.
    const given = [...dockerfile.matchAll(/^(?:ARG|ENV)\s+(\w+)/gm)].map((match) => match[1]);
    expect(given.filter((name) => /PASS|SECRET|TOKEN|KEY|URL/.test(name ?? ""))).toEqual([]);
  });

  it("is built from a context that leaves all but sources out", () => {
    const rules = readFileSync(join(ROOT, ".dockerignore"), "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    expect(rules[0]).toBe("*");
  });
});

describe("the health check", () => {
  it("does not show an address that does not parse, whose password would stay in the container's state", async () => {
    const program = startProgram("infra/build/health.ts", [], {
      RABBITMQ_URL: "amqp://user:hunter2@host:99999",
    });
    expect(await program.exited).toBe(1);
    expect(program.stdout() + program.stderr()).not.toContain("hunter2");
  });
});

describe("a service whose configuration is wrong", () => {
  it.each(SERVICES)("does not show what is secret: %s", async (service) => {
    const program = startProgram(`services/${service}/main.ts`, [], {
      RABBITMQ_URL: "amqp://hidden-user:hunter2@host:99999",
      RABBITMQ_PASS: "hunter2-too",
      AWS_ENDPOINT_URL: "ftp://user:hunter2@host",
      AWS_SECRET_ACCESS_KEY: "hunter2-secret",
      BYBIT_BASE_URL: "ftp://user:hunter2@host",
      LOG_LEVEL: "trace",
    });
    expect(await program.exited).toBe(2);
    const settings = new Set<string>(MANIFESTS.find(({ name }) => name === service)?.settings);
    expect(program.stderr()).toContain(settings.has("RABBITMQ_URL") ? "RABBITMQ_URL" : "AWS_ENDPOINT_URL");
    expect(program.stdout() + program.stderr()).not.toMatch(/hunter2|hidden-user/);
  });
});
