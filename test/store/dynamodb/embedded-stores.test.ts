import { storeContract } from "#test/contracts/store-contract.ts";
import { startEmbedded } from "#test/support/dynamodb.ts";

storeContract("the embedded DynamoDB", startEmbedded);
