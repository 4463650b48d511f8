import { type DynamoDBDocumentClient, UpdateCommand, type UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import { pulseId, type WorkerList, workerListSchema } from "#libs/contracts/pulse-item.ts";
import { fromWire } from "#libs/contracts/wire.ts";
import { StoreError } from "../../store-error.ts";
import { allOf, attributeNames } from "../requests/expression.ts";
import type { RawItem } from "../requests/reading.ts";
import { sendIf } from "../requests/sending.ts";

/** Workers a list may have. Each entry takes about 60 bytes; a service runs tens of workers at most. */
export const MOST_WORKERS = 200;
/** An expression may not grow without limit; what is left is removed by the next worker. */
const MOST_REMOVED = 25;
/** The map is created once and never removed but with its item. */
const MOST_ATTEMPTS = 3;

type Entry = WorkerList["workers"][number];

/** The list as its readers see it: the worker's name is a key of a map, which each worker sets by itself. */
export function parseWorkerList(raw: RawItem): WorkerList {
  const { workers } = raw;
  const entries = typeof workers === "object" && workers !== null ? Object.entries(workers) : workers;
  const listed = Array.isArray(entries)
    ? entries.map(([worker, listedUntil]) => ({ worker, listedUntil }))
    : entries;
  return fromWire(workerListSchema, { ...raw, workers: listed }, "worker list");
}

/**
 * Sets one worker's entry in the list of its service. Each worker writes its own entry and no other, so that workers
 * who do so at the same time do not overwrite each other; entries of workers that are gone are removed on the way.
 */
export async function listWorker(
  client: DynamoDBDocumentClient,
  tableName: string,
  worker: {
    readonly service: string;
    readonly entry: Entry;
    readonly nowSeconds: number;
    /** Of the list: not before the last worker's entry ends. */
    readonly ttl: number;
  },
): Promise<void> {
  const { service, entry, nowSeconds, ttl } = worker;
  const doing = `listing ${entry.worker} among the workers of ${service}`;
  const update = (input: Omit<UpdateCommandInput, "TableName" | "Key">) =>
    sendIf(doing, () =>
      client.send(new UpdateCommand({ TableName: tableName, Key: { scan_id: pulseId(service) }, ...input })),
    );

  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
    const added = await update({
      UpdateExpression: "SET #workers.#worker = :until, #ttl = :ttl",
      ConditionExpression: "attribute_exists(#workers)",
      ExpressionAttributeNames: { ...attributeNames("workers", "ttl"), "#worker": entry.worker },
      ExpressionAttributeValues: { ":until": entry.listedUntil, ":ttl": ttl },
      ReturnValues: "ALL_NEW",
    });
    if (added.kind === "done") {
      const list = parseWorkerList(added.output.Attributes ?? {});
      const leaving = removable(list.workers, entry.worker, nowSeconds);
      // A worker of that name that is back meanwhile keeps its entry, and the others wait for the next time.
      if (leaving.length > 0) await update(removal(leaving));
      return;
    }
    const created = await update({
      UpdateExpression: "SET #workers = :first, #service = :service, #ttl = :ttl",
      ConditionExpression: "attribute_not_exists(#workers)",
      ExpressionAttributeNames: attributeNames("workers", "service", "ttl"),
      ExpressionAttributeValues: {
        ":first": { [entry.worker]: entry.listedUntil },
        ":service": service,
        ":ttl": ttl,
      },
    });
    if (created.kind === "done") return;
  }
  throw new StoreError(`${doing} failed: the list appears and disappears`);
}

/** Who is gone, and beyond the limit those who would be gone first. */
function removable(workers: readonly Entry[], own: string, nowSeconds: number): Entry[] {
  const others = workers.filter(({ worker }) => worker !== own).sort((a, b) => a.listedUntil - b.listedUntil);
  const surplus = workers.length - MOST_WORKERS;
  return others
    .filter(({ listedUntil }, rank) => listedUntil <= nowSeconds || rank < surplus)
    .slice(0, MOST_REMOVED);
}

function removal(leaving: readonly Entry[]): Omit<UpdateCommandInput, "TableName" | "Key"> {
  const paths = leaving.map((_, i) => `#workers.#gone${i}`);
  return {
    UpdateExpression: `REMOVE ${paths.join(", ")}`,
    ConditionExpression: allOf(...paths.map((path, i) => `${path} = :until${i}`)),
    ExpressionAttributeNames: {
      "#workers": "workers",
      ...Object.fromEntries(leaving.map(({ worker }, i) => [`#gone${i}`, worker])),
    },
    ExpressionAttributeValues: Object.fromEntries(
      leaving.map(({ listedUntil }, i) => [`:until${i}`, listedUntil]),
    ),
  };
}
