import { describe, it } from "vitest";
import { storeContract } from "#test/ports/store-contract.ts";
import { secondDynamoDb } from "#test/support/database/dynamodb.ts";

const start = secondDynamoDb();
if (start === null) {
  describe("stores on a second DynamoDB", () => {
    it.skip("not run: DynamoDB Local is not installed (.ci/second-dynamodb installs it)", () => {});
  });
} else {
  storeContract("DynamoDB Local", start);
}
