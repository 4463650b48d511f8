import { randomUUID } from "node:crypto";
import { type DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb";
import type { LeaseStore } from "../scan-store.ts";
import { attributeNames } from "./expression.ts";
import { nowSeconds, type StoreDependencies } from "./reading.ts";
import { sendIf } from "./sending.ts";

/** Leases live beside the scans, under ids no scan has. TTL clears them away; no reader depends on it. */
export function makeLeaseStore(
  client: DynamoDBDocumentClient,
  { tableName, clock }: Pick<StoreDependencies, "tableName" | "clock">,
): LeaseStore {
  return {
    async take(name, owner, lifeSeconds) {
      const now = nowSeconds(clock);
      // Marks this very call: when its answer is lost and the SDK sends it again, it finds itself and not a rival.
      const token = randomUUID();
      const written = await sendIf(`taking the lease ${name}`, () =>
        client.send(
          new PutCommand({
            TableName: tableName,
            Item: {
              scan_id: `lease#${name}`,
              owner,
              token,
              taken_at: clock.nowMs(),
              ttl: now + Math.ceil(lifeSeconds),
            },
            ConditionExpression: "attribute_not_exists(#scan_id) OR #token = :token",
            ExpressionAttributeNames: attributeNames("scan_id", "token"),
            ExpressionAttributeValues: { ":token": token },
          }),
        ),
      );
      return written.kind === "done";
    },
  };
}
