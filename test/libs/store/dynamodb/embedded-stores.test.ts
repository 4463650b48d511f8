import { storeContract } from "#test/ports/store-contract.ts";
import { startEmbedded } from "#test/support/database/dynamodb.ts";

storeContract("the embedded DynamoDB", startEmbedded);
