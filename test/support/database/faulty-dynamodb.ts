import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { text } from "node:stream/consumers";

/** What happens to a request on its way. */
export type Fate =
  | { readonly kind: "pass" }
  /** Carried out; then whatever else shall happen; the connection breaks before the answer comes back. */
  | { readonly kind: "lose answer"; readonly carriedOut?: () => void }
  /** Carried out; no answer ever comes. */
  | { readonly kind: "hang" }
  /** Carried out; half of the answer comes, then nothing more. */
  | { readonly kind: "stall" }
  /** Not carried out; no answer ever comes. */
  | { readonly kind: "swallow" }
  /** Not carried out; answered with a DynamoDB error. */
  | { readonly kind: "error"; readonly status: number; readonly type: string; readonly message: string };

export interface FaultyDynamoDb {
  readonly endpoint: string;
  /** Operations that came by, in order: "PutItem". */
  readonly seen: string[];
  /** Asked for each request, with its operation, how many came before it, and the door it came through. */
  decide: (operation: string, before: number, door: string) => Fate;
  /** Another endpoint of the same database: tells whose requests they are. */
  openDoor(name: string): Promise<string>;
  close(): Promise<void>;
}

/** Stands between a client and a DynamoDB endpoint, and lets requests go wrong as real ones do. */
export async function startFaultyDynamoDb(target: string): Promise<FaultyDynamoDb> {
  const servers: Server[] = [];
  const proxy: FaultyDynamoDb = {
    endpoint: "",
    seen: [],
    decide: () => ({ kind: "pass" }),
    async openDoor(name) {
      const server = createServer((incoming, response) => {
        void handle(name, incoming, response).catch(() => response.destroy());
      });
      servers.push(server);
      return listen(server);
    },
    async close() {
      await Promise.all(
        servers.map((server) => {
          server.closeAllConnections();
          return new Promise<void>((resolve) => server.close(() => resolve()));
        }),
      );
    },
  };

  async function handle(door: string, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(incoming);
    const operation = String(incoming.headers["x-amz-target"]).split(".")[1] ?? "";
    const fate = proxy.decide(operation, proxy.seen.length, door);
    proxy.seen.push(operation);
    if (fate.kind === "error") {
      const type = `com.amazonaws.dynamodb.v20120810#${fate.type}`;
      response.writeHead(fate.status, { "content-type": "application/x-amz-json-1.0" });
      response.end(JSON.stringify({ __type: type, message: fate.message }));
      return;
    }
    if (fate.kind === "swallow") return;
    const answer = await forward(target, incoming, body);
    if (fate.kind === "lose answer") {
      fate.carriedOut?.();
      response.destroy();
    }
    if (fate.kind === "pass" || fate.kind === "stall") {
      const bytes = Buffer.from(answer.body);
      response.writeHead(answer.status, {
        "content-type": "application/x-amz-json-1.0",
        "content-length": bytes.length,
      });
      if (fate.kind === "pass") response.end(bytes);
      else response.write(bytes.subarray(0, bytes.length / 2));
    }
  }

  return Object.assign(proxy, { endpoint: await proxy.openDoor("") });
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address for the proxy");
  return `http://127.0.0.1:${address.port}`;
}

function forward(target: string, incoming: IncomingMessage, body: string) {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const outgoing = httpRequest(
      target,
      { method: "POST", headers: incoming.headers, agent: false },
      (answer) => {
        text(answer).then((reply) => resolve({ status: answer.statusCode ?? 500, body: reply }), reject);
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
