import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

/** What happens to a request on its way. */
export type Fate =
  | { readonly kind: "pass" }
  /** Carried out; the connection breaks before the answer comes back. */
  | { readonly kind: "lose answer" }
  /** Carried out; no answer ever comes. */
  | { readonly kind: "hang" }
  /** Not carried out; answered with a DynamoDB error. */
  | { readonly kind: "error"; readonly status: number; readonly type: string; readonly message: string };

export interface FaultyDynamoDb {
  readonly endpoint: string;
  /** Operations that came by, in order: "PutItem". */
  readonly seen: string[];
  /** Asked for each request, with its operation and how many came before it. */
  decide: (operation: string, before: number) => Fate;
  close(): Promise<void>;
}

/** Stands between a client and a DynamoDB endpoint, and lets requests go wrong as real ones do. */
export async function startFaultyDynamoDb(target: string): Promise<FaultyDynamoDb> {
  const server = createServer((incoming, response) => {
    void handle(incoming, response).catch(() => response.destroy());
  });
  const proxy: FaultyDynamoDb = {
    endpoint: "",
    seen: [],
    decide: () => ({ kind: "pass" }),
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(incoming);
    const operation = String(incoming.headers["x-amz-target"]).split(".")[1] ?? "";
    const fate = proxy.decide(operation, proxy.seen.length);
    proxy.seen.push(operation);
    if (fate.kind === "error") {
      const type = `com.amazonaws.dynamodb.v20120810#${fate.type}`;
      response.writeHead(fate.status, { "content-type": "application/x-amz-json-1.0" });
      response.end(JSON.stringify({ __type: type, message: fate.message }));
      return;
    }
    const answer = await forward(target, incoming, body);
    if (fate.kind === "lose answer") response.destroy();
    if (fate.kind === "pass") {
      response.writeHead(answer.status, { "content-type": "application/x-amz-json-1.0" });
      response.end(answer.body);
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address for the proxy");
  return Object.assign(proxy, { endpoint: `http://127.0.0.1:${address.port}` });
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
