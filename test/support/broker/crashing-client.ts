import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { clientOf } from "#test/support/database/dynamodb.ts";

/** A worker that dies at its nth request: before it is sent, or after it was carried out and before the answer. */
export function crashing(
  endpoint: string,
  at: { readonly request: number; readonly answered: boolean },
): DynamoDBDocumentClient {
  const client = clientOf(endpoint);
  let requests = 0;
  client.middlewareStack.add(
    (next) => async (args) => {
      requests += 1;
      if (requests < at.request) return next(args);
      if (requests === at.request && at.answered) await next(args);
      client.destroy();
      throw new Error("the worker died");
    },
    { step: "initialize", name: "crash" },
  );
  return client;
}
