import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SERVICES } from "#services/manifests.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface Ended {
  readonly code: number;
  readonly output: string;
}

function run(args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...args],
      { cwd: ROOT, env: { PATH: process.env.PATH, ...environment } },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
        resolve({ code, output: stdout + stderr });
      },
    );
  });
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bundle-"));
  const built = await run(["--import", "tsx", "infra/build/bundle.ts", "--out", folder]);
  expect(built).toMatchObject({ code: 0 });
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a service in one file", () => {
  it.each(SERVICES)(
    "%s starts without anything beside it, and says what is wrong with its configuration",
    async (service) => {
      // Every module has been loaded when the configuration is read.
      const ended = await run([join(folder, `${service}.mjs`)], {
        AWS_ENDPOINT_URL: "none",
        LOG_LEVEL: "loud",
      });
      expect(ended.code).toBe(2);
      expect(ended.output).toContain("AWS_ENDPOINT_URL");
      expect(ended.output).toContain("LOG_LEVEL");
    },
  );

  it("is the dead-letter command, too, which an operator starts in a service's container", async () => {
    const ended = await run([join(folder, "dlq.mjs"), "list"], { RABBITMQ_PORT: "none" });
    expect(ended).toMatchObject({ code: 2, output: expect.stringMatching(/^dlq: .*RABBITMQ_PORT/) });
  });

  it("is refused when there is no such program", async () => {
    const ended = await run(["--import", "tsx", "infra/build/bundle.ts", "trader"]);
    expect(ended.code).not.toBe(0);
    expect(ended.output).toContain("unknown program trader");
  });
});

describe.skipIf(!existsSync("/proc/net/tcp"))("the health check of the images", () => {
  it("is healthy with a connection to the broker, and not without one", async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    // A server that listens on a port has an address of this shape.
    const { port } = server.address() as AddressInfo;
    const before = await run([join(folder, "health.mjs")], { RABBITMQ_PORT: String(port) });
    expect(before).toMatchObject({ code: 1, output: expect.stringContaining(String(port)) });

    const client = connect(port, "127.0.0.1");
    await new Promise<void>((done) => client.once("connect", done));
    expect(await run([join(folder, "health.mjs")], { RABBITMQ_PORT: String(port) })).toMatchObject({
      code: 0,
    });
    const url = { RABBITMQ_URL: `amqp://guest:guest@127.0.0.1:${port}` };
    expect(await run([join(folder, "health.mjs")], url)).toMatchObject({ code: 0 });
    client.destroy();
    server.close();
  });
});
