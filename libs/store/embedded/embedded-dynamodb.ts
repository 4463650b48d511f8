import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import dynalite from "dynalite";
import type { Clock } from "#libs/runtime/clock.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import { StoreError } from "../store-error.ts";
import { startTtlSweeper } from "./ttl-sweeper.ts";

export interface EmbeddedDynamoDb {
  /** `http://127.0.0.1:<port>`, for the SDK and `aws dynamodb --endpoint-url`, with any credentials. */
  readonly endpoint: string;
  close(): Promise<void>;
}

export interface EmbeddedOptions {
  /** 0 or absent: any free port. */
  readonly port?: number;
  readonly host?: string;
  /** With a clock, expired items of the project's tables are removed every minute, as DynamoDB's TTL does. */
  readonly clock?: Clock;
  readonly sweepEveryMs?: number;
  readonly logger?: Pick<Logger, "warn">;
}

/**
 * A DynamoDB in this process, in memory, behind a real HTTP endpoint. It has no streams and no transactions.
 * @throws StoreError if it cannot listen on the port.
 */
export async function startEmbeddedDynamoDb(options: EmbeddedOptions = {}): Promise<EmbeddedDynamoDb> {
  const host = options.host ?? "127.0.0.1";
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  surviveAbortedRequests(server);
  const port = await listen(server, host, options.port ?? 0);
  const endpoint = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const sweeping = options.clock === undefined ? null : startSweeping(endpoint, options.clock, options);
  return {
    endpoint,
    async close() {
      await sweeping?.stop();
      await close(server);
    },
  };
}

function startSweeping(endpoint: string, clock: Clock, { sweepEveryMs, logger }: EmbeddedOptions) {
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint, region: "local", credentials }));
  const sweeper = startTtlSweeper({ client, clock, logger, everyMs: sweepEveryMs });
  return {
    async stop() {
      await sweeper.stop();
      client.destroy();
    },
  };
}

/**
 * dynalite throws from its handler's `error` event, which crashes the process when a client aborts a request. Its
 * listener is replaced as soon as it is added.
 */
function surviveAbortedRequests(server: Server): void {
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    request.removeAllListeners("error");
    request.on("error", () => response.destroy());
  });
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      reject(
        new StoreError(`the embedded DynamoDB cannot listen on ${host}:${port}: ${cause.message}`, { cause }),
      );
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    // Clients keep connections open, and an idle one would delay the close.
    server.closeAllConnections();
  });
}
