import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { SERVICES, type ServiceName } from "#libs/contracts/names.ts";

const read = (file: string) => readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), "utf8");
const dockerfile = (service: ServiceName) => read(`Dockerfile.${service}`);

/** The stage that becomes the image: what comes after the last FROM. */
const lastStage = (text: string) => text.slice(text.lastIndexOf("\nFROM "));

describe.each(SERVICES)("image of the %s", (service) => {
  const text = dockerfile(service);

  it("is Node 24, built from the lockfile on the builder's own architecture", () => {
    expect(text).toContain("ARG NODE_IMAGE=node:24-");
    expect(text).toMatch(/FROM --platform=\$BUILDPLATFORM \$\{NODE_IMAGE\} AS build/);
    expect(text).toMatch(/npm ci --ignore-scripts/);
  });

  it("copies its bundle, the health check and the dead-letter command, and runs nothing that would need the target's architecture", () => {
    const stage = lastStage(text);
    expect(stage.match(/^COPY .*/gm)).toEqual([
      `COPY --from=build /build/dist/${service}.mjs /build/dist/health.mjs /build/dist/dlq.mjs ./`,
    ]);
    expect(stage).not.toMatch(/^RUN /m);
  });

  it("runs as a user, gets signals itself, and says whether it is healthy", () => {
    const stage = lastStage(text);
    expect(stage).toMatch(/^USER node$/m);
    expect(stage).toContain(`CMD ["node", "/app/${service}.mjs"]`);
    expect(stage).toMatch(/^HEALTHCHECK .* CMD \["node", "\/app\/health\.mjs"\]$/m);
  });
});

describe("the four Dockerfiles", () => {
  it("differ in nothing but the service, the finder's version and the scanner's tools", () => {
    const shared = SERVICES.map((service) =>
      dockerfile(service)
        .replace(/# What a local set-up needs[\s\S]*?create-tables\.mjs"\]\n\n/, "")
        .replace(/# Stored with each position[\s\S]*?CODE_VERSION=\$CODE_VERSION\n/, "")
        .replaceAll(`${service}.mjs`, "service.mjs"),
    );
    expect(new Set(shared).size).toBe(1);
  });
});

describe("the compose file", () => {
  const text = read("docker-compose.yml");

  it("pins the images that run without a token and with quorum queues", () => {
    expect(text).toContain("image: rabbitmq:4.2-management");
    expect(text).toContain("image: localstack/localstack:4.14.0");
  });

  it("opens ports on this machine only", () => {
    const ports = [...text.matchAll(/"([^"]*:\d+)"/g)]
      .map((match) => match[1] ?? "")
      .filter((p) => /^[\d$]/.test(p));
    expect(ports.length).toBeGreaterThanOrEqual(3);
    expect(ports.filter((port) => !port.startsWith("127.0.0.1:"))).toEqual([]);
  });

  it("holds no secret: what looks like one opens nothing", () => {
    const values = [...text.matchAll(/(?:PASS|SECRET|TOKEN|KEY)[A-Z_]*: *(.*)/g)].map((match) => match[1]);
    expect(values).toEqual(["local", "local"]);
  });

  it("passes each service no variable that it does not read", async () => {
    const { SETTINGS } = await import("#libs/config/settings.ts");
    const passed = [...text.matchAll(/^ {2,6}([A-Z][A-Z0-9_]+):/gm)].map((match) => match[1] ?? "");
    const foreign = ["SERVICES", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    expect(passed.filter((name) => !(name in SETTINGS) && !foreign.includes(name))).toEqual([]);
  });
});
