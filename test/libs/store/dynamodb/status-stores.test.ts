import { describe, it } from "vitest";
import { statusContract } from "#test/ports/status-contract.ts";
import { secondDynamoDb, startEmbedded } from "#test/support/database/dynamodb.ts";

statusContract("the embedded DynamoDB", startEmbedded);

const second = secondDynamoDb();
if (second === null) {
  describe("selection and pulses on a second DynamoDB", () => {
    it.skip("not run: DynamoDB Local is not installed (.ci/second-dynamodb installs it)", () => {});
  });
} else {
  statusContract("DynamoDB Local", second);
}
