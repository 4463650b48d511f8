import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { QUEUES } from "#libs/contracts/queues.ts";
import { TABLES } from "#libs/contracts/tables.ts";
import { MANIFESTS } from "#services/manifests.ts";
import type { ServiceManifest } from "#services/shared/manifest.ts";

const SERVICES_FOLDER = fileURLToPath(new URL("../../services", import.meta.url));
/** Folders in services/ that are no service: what services share, the commands, all services in one process. */
const NO_SERVICE = ["shared", "cli", "local"];

const manifests: readonly ServiceManifest[] = MANIFESTS;

describe("the list of manifests", () => {
  it("has every folder that is a service, once", () => {
    const folders = readdirSync(SERVICES_FOLDER, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !NO_SERVICE.includes(entry.name))
      .map(({ name }) => name);
    expect(manifests.map(({ name }) => name).sort()).toEqual(folders.sort());
  });

  it("has publishers of every queue, and one consumer, for two would share its messages", () => {
    const queues = QUEUES.map(({ name }) => name).sort();
    const published = manifests.flatMap(({ publishes }) => publishes.map(({ name }) => name));
    const consumed = manifests.flatMap(({ consumes }) => consumes.map(({ queue }) => queue.name));
    expect([...new Set(published)].sort()).toEqual(queues);
    expect(consumed.sort()).toEqual(queues);
  });

  it("has a service that uses each table", () => {
    const used = manifests.flatMap(({ tables }) => tables.map(({ table }) => table.name));
    expect([...new Set(used)].sort()).toEqual(TABLES.map(({ name }) => name).sort());
  });
});

describe.each(manifests)("the manifest of the $name", (manifest) => {
  it("names a folder with a composition root, in one lower-case word", () => {
    expect(manifest.name).toMatch(/^[a-z]+$/);
    expect(existsSync(`${SERVICES_FOLDER}/${manifest.name}/main.ts`)).toBe(true);
  });

  it("names each setting once, and a configuration that reads them", () => {
    expect(new Set(manifest.settings).size).toBe(manifest.settings.length);
    expect(() => manifest.config({ LOG_LEVEL: "loud" })).toThrow(/LOG_LEVEL/);
  });

  it("reads the name of each table that it uses, and queries indexes that there are", () => {
    for (const { table, variable, actions, indexes = [] } of manifest.tables) {
      expect(manifest.settings).toContain(variable);
      expect(Object.keys(table.indexes)).toEqual(expect.arrayContaining([...indexes]));
      if (indexes.length > 0) expect(actions).toContain("Query");
    }
  });

  it("is scaled by a queue that it consumes", () => {
    const { run, consumes } = manifest;
    if (run.kind === "worker") expect(consumes.map(({ queue }) => queue.name)).toContain(run.scaledBy.name);
  });

  it("stops within what Fargate allows", () => {
    expect(manifest.stopTimeoutSeconds).toBeGreaterThan(0);
    expect(manifest.stopTimeoutSeconds).toBeLessThanOrEqual(120);
  });
});
