/** What the load run and its processes say to each other over the channel that `fork` opens between them. */

/** A clock that all processes read alike: it runs at real speed from the moment it was set, up to its end. */
export interface SharedTime {
  /** Simulated time at the moment it was set, milliseconds since the epoch. */
  readonly simulatedMs: number;
  /** That moment on the machine's monotonic clock, which all processes share, nanoseconds as text. */
  readonly monotonicNs: string;
  /** Where it stands still until it is set again, milliseconds since the epoch. */
  readonly untilMs: number;
}

export type ToProcess =
  | ({ readonly kind: "time"; readonly id: number } & SharedTime)
  | { readonly kind: "sample"; readonly id: number };

export interface HeapSample {
  /** Bytes after a full collection: what is really held. */
  readonly heapUsed: number;
  readonly external: number;
  /** How many of each kind of resource keep or could keep the process alive: timers, sockets, ... */
  readonly resources: Readonly<Record<string, number>>;
}

export type FromProcess =
  | { readonly kind: "time"; readonly id: number }
  | ({ readonly kind: "sample"; readonly id: number } & HeapSample);

/** The variable that gives a process the time before its program starts, as JSON of `SharedTime`. */
export const TIME_VARIABLE = "LOAD_TIME";

export function simulatedNowMs({ simulatedMs, monotonicNs, untilMs }: SharedTime): number {
  const elapsedMs = Number((process.hrtime.bigint() - BigInt(monotonicNs)) / 1_000_000n);
  return Math.min(untilMs, simulatedMs + elapsedMs);
}
