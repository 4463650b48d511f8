import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { clientOf } from "#test/support/database/dynamodb.ts";

/** A worker before whose nth request something else happens, to the end: an interleaving that repeats exactly. */
export function interrupted(
  endpoint: string,
  request: number,
  meanwhile: () => Promise<unknown>,
): DynamoDBDocumentClient {
  const client = clientOf(endpoint);
  let requests = 0;
  client.middlewareStack.add(
    (next) => async (args) => {
      requests += 1;
      if (requests === request) await meanwhile();
      return next(args);
    },
    { step: "initialize", name: "interrupt" },
  );
  return client;
}
