import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { makeTaskProtection, type TaskProtection } from "#libs/runtime/task-protection.ts";
import { withTaskProtection } from "#services/shared/with-task-protection.ts";
import { capturedLogger } from "#test/support/captured-logger.ts";
import { eventually } from "#test/support/eventually.ts";

interface Agent {
  readonly uri: string;
  /** What the task asked for, in order. */
  readonly asked: unknown[];
}

const servers: Server[] = [];
const protections: TaskProtection[] = [];

afterEach(async () => {
  await Promise.all(protections.splice(0).map((protection) => protection.close()));
  await Promise.all(servers.splice(0).map((server) => new Promise((done) => server.close(done))));
});

/** The agent's endpoint, as ECS gives it to a container. */
async function startAgent(status = 200): Promise<Agent> {
  const asked: unknown[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += String(chunk);
    });
    request.on("end", () => {
      asked.push({ method: request.method, url: request.url, ...JSON.parse(body) });
      response.writeHead(status, { "content-type": "application/json", connection: "close" }).end("{}");
    });
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  // A server that listens on a port has an address of this shape.
  const { port } = server.address() as AddressInfo;
  return { uri: `http://127.0.0.1:${port}/api/abc`, asked };
}

function makeProtection(agentUri: string | undefined, idleMs = 20): TaskProtection {
  const protection = makeTaskProtection({ agentUri, logger: capturedLogger().logger, idleMs });
  protections.push(protection);
  return protection;
}

const on = { ProtectionEnabled: true, ExpiresInMinutes: 5 };
const off = { ProtectionEnabled: false };

describe("scale-in protection", () => {
  it("is asked for when work begins and given up when there is none left", async () => {
    const agent = await startAgent();
    const protection = makeProtection(agent.uri);
    protection.begin();
    await eventually("protected", () => agent.asked.length === 1);
    protection.end();
    await eventually("released", () => agent.asked.length === 2);
    expect(agent.asked).toEqual([
      expect.objectContaining({ method: "PUT", url: "/api/abc/task-protection/v1/state", ...on }),
      expect.objectContaining({ method: "PUT", url: "/api/abc/task-protection/v1/state", ...off }),
    ]);
  });

  it("is one request for many messages in a row and at once", async () => {
    const agent = await startAgent();
    const protection = makeProtection(agent.uri, 60_000);
    for (let message = 0; message < 20; message += 1) {
      protection.begin();
      protection.begin();
      protection.end();
      protection.end();
    }
    await protection.close();
    expect(agent.asked).toEqual([expect.objectContaining(on), expect.objectContaining(off)]);
  });

  it("stays while another message is in hand", async () => {
    const agent = await startAgent();
    const protection = makeProtection(agent.uri, 1);
    protection.begin();
    protection.begin();
    protection.end();
    // Another task goes idle later and is released: by then the first one would have been, too.
    const other = await startAgent();
    const clock = makeProtection(other.uri, 20);
    clock.begin();
    clock.end();
    await eventually("the other is released", () => other.asked.length === 2);
    expect(agent.asked).toEqual([expect.objectContaining(on)]);
    protection.end();
    await eventually("released", () => agent.asked.length === 2);
  });

  it("is given up when the service stops, and waited for", async () => {
    const agent = await startAgent();
    const protection = makeProtection(agent.uri);
    protection.begin();
    await protection.close();
    expect(agent.asked.at(-1)).toMatchObject(off);
  });

  it.each([
    ["refuses", async () => (await startAgent(400)).uri],
    ["is not there", () => "http://127.0.0.1:1/api/abc"],
    ["is not known, as outside of ECS", () => undefined],
  ])("never stands in the way of work when the agent %s", async (_, agentUri) => {
    const protection = makeProtection(await agentUri());
    const handler = withTaskProtection(protection)(async () => ({ kind: "ack" as const }));
    const delivery = { message: {}, messageId: "1", attempt: 1, redelivered: false };
    await expect(handler(delivery)).resolves.toEqual({ kind: "ack" });
    await expect(protection.close()).resolves.toBeUndefined();
  });

  it("ends with the message, also when its handler throws", async () => {
    const agent = await startAgent();
    const protection = makeProtection(agent.uri);
    const handler = withTaskProtection(protection)(async () => {
      throw new Error("a bug");
    });
    const delivery = { message: {}, messageId: "1", attempt: 1, redelivered: false };
    await expect(handler(delivery)).rejects.toThrow("a bug");
    await eventually("released", () => agent.asked.length === 2);
    expect(agent.asked.at(-1)).toMatchObject(off);
  });
});
