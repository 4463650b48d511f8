import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { BACKTEST_TASKS, TRADING_SIGNALS } from "#libs/contracts/queues.ts";
import type { MessageQueue } from "#libs/queue/queue.ts";
import type { LoadProcess } from "./load-process.ts";

const MIB = 1024;

/** What the kernel knows of a process, at the end of a minute's work. */
export interface ProcessSample {
  readonly minute: number;
  readonly rssMib: number;
  /** The most it has had so far. */
  readonly peakMib: number;
  /** User and system time since its start. */
  readonly cpuSeconds: number;
  readonly descriptors: number;
  readonly sockets: number;
}

/** What a process says of itself, at the end of an hour's work and after a full collection. */
export interface HeapRow {
  readonly minute: number;
  /** Objects, and buffers outside the heap. */
  readonly heldMib: number;
  readonly timers: number;
  readonly resources: Readonly<Record<string, number>>;
}

export interface QueueSample {
  readonly minute: number;
  readonly ready: number;
  readonly retrying: number;
  readonly dead: number;
}

export interface Samples {
  readonly processes: Map<string, ProcessSample[]>;
  readonly heaps: Map<string, HeapRow[]>;
  readonly queues: QueueSample[];
}

export function emptySamples(): Samples {
  return { processes: new Map(), heaps: new Map(), queues: [] };
}

export function sampleProcess({ pid }: LoadProcess, minute: number): ProcessSample {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mib = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) / MIB;
  // The name in brackets may hold spaces; user and system time are the 12th and 13th field after it, in 1/100 s.
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const folder = `/proc/${pid}/fd`;
  const targets = readdirSync(folder).flatMap((name) => {
    try {
      return [readlinkSync(`${folder}/${name}`)];
    } catch {
      // Closed in between.
      return [];
    }
  });
  return {
    minute,
    rssMib: mib("VmRSS"),
    peakMib: mib("VmHWM"),
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
    descriptors: targets.length,
    sockets: targets.filter((target) => target.startsWith("socket:")).length,
  };
}

export async function sampleHeap(process: LoadProcess, minute: number): Promise<HeapRow> {
  const { heapUsed, external, resources } = await process.sample();
  return {
    minute,
    heldMib: (heapUsed + external) / 2 ** 20,
    timers: (resources.Timeout ?? 0) + (resources.Immediate ?? 0),
    resources,
  };
}

export async function sampleQueues(queue: MessageQueue, minute: number): Promise<QueueSample> {
  const depths = [await queue.depth(BACKTEST_TASKS), await queue.depth(TRADING_SIGNALS)];
  const sum = (of: (depth: (typeof depths)[number]) => number) =>
    depths.reduce((total, depth) => total + of(depth), 0);
  return {
    minute,
    ready: sum((depth) => depth.ready),
    retrying: sum((depth) => depth.retrying),
    dead: sum((depth) => depth.dead),
  };
}

export function append<T>(rows: Map<string, T[]>, name: string, row: T): void {
  const list = rows.get(name);
  if (list === undefined) rows.set(name, [row]);
  else list.push(row);
}
