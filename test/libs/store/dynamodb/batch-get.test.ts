import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { afterEach, describe, expect, it } from "vitest";
import { batchGet } from "#libs/store/dynamodb/requests/batch-get.ts";
import { StoreError } from "#libs/store/store-error.ts";
import { clientOf } from "#test/support/database/dynamodb.ts";

const clients: DynamoDBDocumentClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});

/** A DynamoDB that gives at most so many items a call and leaves the other keys over. */
function stingy(most: number) {
  const asked: number[] = [];
  const client = clientOf("http://127.0.0.1:1");
  clients.push(client);
  client.middlewareStack.add(
    () => async (args) => {
      const { RequestItems } = args.input as { RequestItems: { t: { Keys: { symbol: string }[] } } };
      const keys = RequestItems.t.Keys;
      asked.push(keys.length);
      const left = keys.slice(most);
      const output = {
        $metadata: {},
        Responses: { t: keys.slice(0, most) },
        ...(left.length === 0 ? {} : { UnprocessedKeys: { t: { Keys: left } } }),
      };
      return { output, response: undefined };
    },
    { step: "initialize", priority: "high" },
  );
  return { client, asked };
}

async function read(client: DynamoDBDocumentClient, count: number): Promise<unknown[]> {
  const keys = Array.from({ length: count }, (_, i) => ({ symbol: `C${i}USDT` }));
  const items: unknown[] = [];
  for await (const reply of batchGet(client, "reading", "t", keys)) items.push(...reply);
  expect(items).toEqual(keys.slice(0, items.length));
  return items;
}

describe("reading many items by their keys", () => {
  it("asks for a hundred at a time", async () => {
    const { client, asked } = stingy(100);
    expect(await read(client, 230)).toHaveLength(230);
    expect(asked).toEqual([100, 100, 30]);
  });

  it("asks again for what was left over", async () => {
    const { client, asked } = stingy(40);
    expect(await read(client, 100)).toHaveLength(100);
    expect(asked).toEqual([100, 60, 20]);
  });

  it("gives up when nothing comes any more", async () => {
    const { client } = stingy(0);
    await expect(read(client, 3)).rejects.toThrow(StoreError);
  }, 30_000);

  it("asks for nothing without keys", async () => {
    const { client, asked } = stingy(1);
    expect(await read(client, 0)).toEqual([]);
    expect(asked).toEqual([]);
  });
});
