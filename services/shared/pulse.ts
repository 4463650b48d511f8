import { FAULTS } from "#libs/contracts/faults.ts";
import type { Clock } from "#libs/runtime/clock.ts";
import { logFault, type WarningLog } from "#libs/runtime/fault-log.ts";
import { pause } from "#libs/runtime/pause.ts";
import type { FreshPulse, PulseStore } from "#libs/store/pulse-store.ts";
import type { Middleware } from "./middleware.ts";

const PERIOD_MS = 60_000;
/** Signals and runs begin with the minute: half a minute later their outcome is known. */
const INTO_THE_MINUTE_MS = 30_000;
/** A process that stops waits no longer for its last pulse. */
const LAST_PULSE_MS = 5_000;

/** What the pulse of every process says. */
export type PulseFrame = Pick<FreshPulse, "worker" | "startedAt" | "writtenAt" | "stoppedAt">;

export interface PulseParts {
  readonly store: PulseStore;
  readonly clock: Clock;
  /** How many times faster than real time the clock runs; a clock that stands still ticks in real time. */
  readonly speed?: number;
  readonly worker: string;
  readonly logger: WarningLog;
}

export interface RunningPulse {
  /** Writes a pulse and does not wait for it; does nothing while one is being written. */
  beat(): void;
  /** Writes the last one. */
  close(): Promise<void>;
}

/**
 * Stores signs of life and figures of this process: at the start and each minute (`each: "minute"`), or only when the
 * service asks for it (`each: "run"`), and once more at the end. The work never waits for a pulse. One that cannot be
 * stored is logged, and the next one brings its figures.
 */
export function startPulse(
  parts: PulseParts,
  { each, read }: { readonly each: "minute" | "run"; readonly read: (frame: PulseFrame) => FreshPulse },
): RunningPulse {
  const { store, clock, logger, worker } = parts;
  const startedAt = clock.nowMs();
  const closed = new AbortController();
  let writing: Promise<void> | null = null;

  async function write(stoppedAt: number | null): Promise<void> {
    try {
      await store.put(read({ worker, startedAt, writtenAt: clock.nowMs(), stoppedAt }));
    } catch (error) {
      logFault(logger, FAULTS.pulseMissed, {
        reason: error instanceof Error ? error.message : String(error),
      });
    }
  }

  function beat(): void {
    if (closed.signal.aborted) return;
    writing ??= write(null).finally(() => {
      writing = null;
    });
  }

  async function beatEachMinute(): Promise<void> {
    while (!closed.signal.aborted) {
      beat();
      const intoPeriodMs = (clock.nowMs() - INTO_THE_MINUTE_MS) % PERIOD_MS;
      const waitMs = (PERIOD_MS - intoPeriodMs) / (parts.speed || 1);
      // A timer drops fractions and may fire a millisecond early: two pulses would be of the same minute.
      await pause(Math.ceil(waitMs) + 1, closed.signal);
    }
  }

  const beating = each === "minute" ? beatEachMinute() : Promise.resolve();
  return {
    beat,
    async close() {
      if (closed.signal.aborted) return;
      closed.abort();
      const last = async () => {
        await beating;
        await writing;
        await write(clock.nowMs());
      };
      const enough = new AbortController();
      await Promise.race([last(), pause(LAST_PULSE_MS, enough.signal)]);
      enough.abort();
    },
  };
}

/** Counts the messages that wait for another attempt. */
export function withRetriesCounted<T>(retried: () => void): Middleware<T> {
  return (next) => async (delivery) => {
    const outcome = await next(delivery);
    if (outcome.kind === "retry") retried();
    return outcome;
  };
}
