import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { SETTINGS } from "#libs/config/settings.ts";
import { MANIFESTS } from "#services/manifests.ts";
import { composeServices, expectedComposeService, withTextValues } from "#test/support/compose-file.ts";

const read = (file: string) => readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), "utf8");
const ownImages = MANIFESTS.filter(({ image }) => image === "own").map(({ name }) => name);
const SHARED = "infra/images/Dockerfile";
const dockerfiles = [
  ...ownImages.map((service) => ({ service, file: `Dockerfile.${service}`, bundle: `${service}.mjs` })),
  { service: "service of the argument", file: SHARED, bundle: "service.mjs" },
];

/** The stage that becomes the image: what comes after the last FROM. */
const lastStage = (text: string) => text.slice(text.lastIndexOf("\nFROM "));

describe.each(dockerfiles)("image of the $service", ({ service, file, bundle }) => {
  const text = read(file);

  it("is Node 24, built from the lockfile on the builder's own architecture", () => {
    expect(text).toContain("ARG NODE_IMAGE=node:24-");
    expect(text).toMatch(/FROM --platform=\$BUILDPLATFORM \$\{NODE_IMAGE\} AS build/);
    expect(text).toMatch(/npm ci --ignore-scripts/);
  });

  it("copies its bundle, the health check and the dead-letter command, and runs nothing that would need the target's architecture", () => {
    const stage = lastStage(text);
    const copies = stage.match(/^COPY .*/gm)?.join("\n");
    expect(copies).toBe(
      file === SHARED
        ? `COPY --from=build /build/dist/$\{SERVICE}.mjs ./service.mjs\n` +
            "COPY --from=build /build/dist/health.mjs /build/dist/dlq.mjs ./"
        : `COPY --from=build /build/dist/${service}.mjs /build/dist/health.mjs /build/dist/dlq.mjs ./`,
    );
    expect(stage).not.toMatch(/^RUN /m);
  });

  it("runs as a user, gets signals itself, and says whether it is healthy", () => {
    const stage = lastStage(text);
    expect(stage).toMatch(/^USER node$/m);
    expect(stage).toContain(`CMD ["node", "/app/${bundle}"]`);
    expect(stage).toMatch(/^HEALTHCHECK .* CMD \["node", "\/app\/health\.mjs"\]$/m);
  });
});

describe("the Dockerfiles", () => {
  it("differ in nothing but the service, the revision and the scanner's tools", () => {
    const shared = dockerfiles.map(({ file, bundle }) =>
      read(file)
        .replace(/# For every service without[\s\S]*?> \.\n/, "")
        .replace(/# Additional programs of a local set-up[\s\S]*?create-tables\.mjs"\]\n\n/, "")
        .replace(/# The folder in services[\s\S]*?ARG SERVICE\n/, "")
        .replace(
          /# (Stored with each position|For a service that stores)[\s\S]*?CODE_VERSION=\$CODE_VERSION\n/,
          "",
        )
        .replace(/\$\{SERVICE\}\.mjs \.\/service\.mjs\nCOPY --from=build/, "service.mjs")
        .replaceAll(bundle, "service.mjs"),
    );
    expect(new Set(shared).size).toBe(1);
  });

  it("at the top level are those of the services that have an own one", () => {
    const files = readdirSync(fileURLToPath(new URL("../..", import.meta.url)));
    expect(files.filter((file) => file.startsWith("Dockerfile")).sort()).toEqual(
      ownImages.map((name) => `Dockerfile.${name}`).sort(),
    );
  });

  it("are in the build context, which holds what they copy", () => {
    const rules = read(".dockerignore");
    for (const path of ["Dockerfile.*", "infra/images", "infra/build", "libs", "services", "tsconfig.json"]) {
      expect(rules).toContain(`\n!${path}\n`);
    }
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

  it.each(MANIFESTS)("runs the $name as its manifest says", (manifest) => {
    const services = composeServices(text);
    expect(withTextValues(services[manifest.name])).toEqual(expectedComposeService(manifest));
  });

  it("gives every other service a variable only where something reads it", () => {
    const known = [...Object.keys(SETTINGS), "SERVICES", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    const given = Object.values(composeServices(text)).flatMap(({ environment = {} }) =>
      Object.keys(environment),
    );
    expect(given.filter((name) => !known.includes(name))).toEqual([]);
  });
});
