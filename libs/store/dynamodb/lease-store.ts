import { randomUUID } from "node:crypto";
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import type { LeaseStore } from "../scan-store.ts";
import { allOf, anyOf, attributeNames } from "./requests/expression.ts";
import { nowSeconds, type StoreDependencies } from "./requests/reading.ts";
import { send, sendIf } from "./requests/sending.ts";

/** Leases are stored in the scans' table, under ids that no scan has. TTL removes them; no reader depends on that. */
export function makeLeaseStore(
  client: DynamoDBDocumentClient,
  { tableName, clock }: Pick<StoreDependencies, "tableName" | "clock">,
): LeaseStore {
  const keyOf = (name: string) => `lease#${name}`;

  /** The lease's item; `token` identifies the call. */
  function itemOf(
    name: string,
    owner: string,
    state: { token: string; done: boolean; holdUntil: number; lifeSeconds: number },
  ) {
    const { token, done, holdUntil, lifeSeconds } = state;
    return {
      scan_id: keyOf(name),
      owner,
      token,
      done,
      hold_until: holdUntil,
      taken_at: clock.nowMs(),
      ttl: nowSeconds(clock) + Math.ceil(lifeSeconds),
    };
  }

  return {
    async take(name, owner, { lifeSeconds, holdSeconds }) {
      // If the response is lost and the SDK retries, the call recognises its own lease.
      const token = randomUUID();
      const nowMs = clock.nowMs();
      const holdUntil = nowMs + holdSeconds * 1_000;
      const written = await sendIf(`taking the lease ${name}`, () =>
        client.send(
          new PutCommand({
            TableName: tableName,
            Item: itemOf(name, owner, { token, done: false, holdUntil, lifeSeconds }),
            ConditionExpression: anyOf(
              "attribute_not_exists(#scan_id)",
              "#token = :token",
              "#done = :no AND #hold_until <= :now",
            ),
            ExpressionAttributeNames: attributeNames("scan_id", "token", "done", "hold_until"),
            ExpressionAttributeValues: { ":token": token, ":no": false, ":now": nowMs },
          }),
        ),
      );
      if (written.kind === "done") return "taken";
      const { Item } = await send(`reading the lease ${name}`, () =>
        client.send(
          new GetCommand({ TableName: tableName, Key: { scan_id: keyOf(name) }, ConsistentRead: true }),
        ),
      );
      return Item?.done === true ? "done" : "held";
    },

    async finish(name, owner, { lifeSeconds }) {
      // Unconditional: the work is done even if the hold has expired and another owner has taken the lease.
      await send(`finishing the lease ${name}`, () =>
        client.send(
          new PutCommand({
            TableName: tableName,
            Item: itemOf(name, owner, { token: randomUUID(), done: true, holdUntil: 0, lifeSeconds }),
          }),
        ),
      );
    },

    async giveUp(name, owner, { lifeSeconds }) {
      await sendIf(`releasing the lease ${name}`, () =>
        client.send(
          new PutCommand({
            TableName: tableName,
            Item: itemOf(name, owner, { token: randomUUID(), done: false, holdUntil: 0, lifeSeconds }),
            ConditionExpression: allOf("#owner = :owner", "#done = :no"),
            ExpressionAttributeNames: attributeNames("owner", "done"),
            ExpressionAttributeValues: { ":owner": owner, ":no": false },
          }),
        ),
      );
    },
  };
}
