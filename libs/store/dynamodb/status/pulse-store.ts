import { type DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb";
import {
  PULSE_SERVICES,
  type Pulse,
  pulseId,
  pulseSchema,
  SINGLE_PULSE_LIFE_SECONDS,
  WORKER_PULSE_LIFE_SECONDS,
} from "#libs/contracts/pulse-item.ts";
import { ContractError, toWire } from "#libs/contracts/wire.ts";
import type { FreshPulse, PulseStore } from "../../pulse-store.ts";
import { batchGet } from "../requests/batch-get.ts";
import { anyOf, attributeNames } from "../requests/expression.ts";
import {
  isAlive,
  nowSeconds,
  parseOrSkip,
  type RawItem,
  type StoreDependencies,
} from "../requests/reading.ts";
import { send, sendIf } from "../requests/sending.ts";
import { listWorker, MOST_WORKERS, parseWorkerList } from "./worker-list.ts";

/** A worker is listed for this long, and lists itself again when half of it is over. */
const LISTED_SECONDS = 60 * 60;
/** Without a word for this long, a service's process is taken for gone, and another one's pulse replaces its own. */
const SILENT_SECONDS = 3 * 60;

/**
 * Pulses in the table of scans, whose key is the id alone: what is to be read together is found by known names, and
 * the workers' names stand in a list of their own. A pulse is a few KB and written once a minute by one process; to
 * keep all workers in one item would charge each pulse for the size of all.
 */
export function makePulseStore(
  client: DynamoDBDocumentClient,
  { tableName, clock, logger }: StoreDependencies,
): PulseStore {
  /** Until when this process's workers are listed, seconds. */
  const listedUntil = new Map<string, number>();

  async function putOfWorker(pulse: FreshPulse): Promise<void> {
    const seconds = nowSeconds(clock);
    const id = pulseId(pulse.service, pulse.worker);
    const ttl = seconds + WORKER_PULSE_LIFE_SECONDS;
    const isStopped = pulse.stoppedAt !== null;
    // A stopped worker is listed as long as its last pulse is kept.
    const until = isStopped ? ttl : seconds + LISTED_SECONDS;
    if (isStopped || (listedUntil.get(id) ?? 0) < seconds + LISTED_SECONDS / 2) {
      const entry = { worker: pulse.worker, listedUntil: until };
      await listWorker(client, tableName, {
        service: pulse.service,
        entry,
        nowSeconds: seconds,
        ttl: seconds + LISTED_SECONDS,
      });
      listedUntil.set(id, until);
    }
    await send(`storing the pulse of ${pulse.service} ${pulse.worker}`, () =>
      client.send(
        new PutCommand({ TableName: tableName, Item: { scan_id: id, ...itemOf({ ...pulse, ttl }) } }),
      ),
    );
  }

  async function putOfSingle(pulse: FreshPulse): Promise<void> {
    const ttl = nowSeconds(clock) + SINGLE_PULSE_LIFE_SECONDS;
    // Two run at the same time while one replaces the other: the one that is at work is the one to hear of.
    await sendIf(`storing the pulse of ${pulse.service}`, () =>
      client.send(
        new PutCommand({
          TableName: tableName,
          Item: { scan_id: pulseId(pulse.service), ...itemOf({ ...pulse, ttl }) },
          ConditionExpression: anyOf(
            "#worker = :worker",
            // Also when there is no item.
            "NOT attribute_type(#last_work_at, :number)",
            "#last_work_at <= :worked",
            "#written_at < :silent",
          ),
          ExpressionAttributeNames: attributeNames("worker", "last_work_at", "written_at"),
          ExpressionAttributeValues: {
            ":worker": pulse.worker,
            ":number": "N",
            ":worked": pulse.lastWorkAt ?? 0,
            ":silent": pulse.writtenAt - SILENT_SECONDS * 1_000,
          },
        }),
      ),
    );
  }

  async function read(doing: string, ids: readonly string[]): Promise<Map<string, RawItem>> {
    const found = new Map<string, RawItem>();
    const seconds = nowSeconds(clock);
    const keys = ids.map((id) => ({ scan_id: id }));
    for await (const page of batchGet(client, doing, tableName, keys)) {
      for (const item of page) if (isAlive(item, seconds)) found.set(String(item.scan_id), item);
    }
    return found;
  }

  function workersOf(service: string, raw: RawItem | undefined): string[] {
    if (raw === undefined) return [];
    try {
      const seconds = nowSeconds(clock);
      return parseWorkerList(raw)
        .workers.filter((entry) => entry.listedUntil > seconds)
        .sort((a, b) => b.listedUntil - a.listedUntil)
        .slice(0, MOST_WORKERS)
        .map((entry) => entry.worker)
        .sort();
    } catch (error) {
      if (!(error instanceof ContractError)) throw error;
      logger.warn({ service, reason: error.message }, "invalid item skipped");
      return [];
    }
  }

  return {
    put: (pulse) => (hasWorkers(pulse.service) ? putOfWorker(pulse) : putOfSingle(pulse)),

    async all() {
      const named = await read(
        "reading the pulses of the services",
        PULSE_SERVICES.map(({ service }) => pulseId(service)),
      );
      const ids = PULSE_SERVICES.flatMap(({ service, workers }) =>
        workers
          ? workersOf(service, named.get(pulseId(service))).map((worker) => pulseId(service, worker))
          : [pulseId(service)],
      );
      const ofWorkers = await read(
        "reading the pulses of the workers",
        ids.filter((id) => !named.has(id)),
      );
      return ids
        .map((id) => named.get(id) ?? ofWorkers.get(id))
        .filter((raw) => raw !== undefined)
        .map((raw) => parseOrSkip(pulseSchema, raw, "pulse item", ["scan_id"], logger))
        .filter((pulse) => pulse !== null);
    },
  };
}

function hasWorkers(service: Pulse["service"]): boolean {
  return PULSE_SERVICES.some((known) => known.service === service && known.workers);
}

function itemOf(pulse: Pulse): RawItem {
  return toWire(pulseSchema, pulse, "pulse item");
}
