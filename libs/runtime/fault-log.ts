import type { Fault } from "#libs/contracts/faults.ts";
import { METRICS_NAMESPACE, SERVICE_DIMENSION } from "#libs/contracts/metrics.ts";
import { systemClock } from "./clock.ts";

/** The part of a logger that `logFault` needs. */
export interface WarningLog {
  warn(fields: object, message: string): void;
}

/** Logs a fault on one line; the service's logger counts it. */
export function logFault(logger: WarningLog, fault: Fault, fields: object): void {
  logger.warn({ ...fields, ...faultFields(fault) }, fault.message);
}

/** The fields of a fault that is logged in another way, for example as an error. */
export function faultFields({ metric, remedy }: Fault): { readonly fault: string; readonly remedy: string } {
  return { fault: metric, remedy };
}

/** CloudWatch charges a metric per hour in which it was sent, and alarms have a resolution of a minute. */
const FLUSH_MS = 60_000;

/** Counts faults between two metric lines. */
export interface FaultCounter {
  /** Inspects a log line's fields. */
  see(fields: unknown): void;
  /** Writes the counts, if there are any. */
  flush(): void;
}

/**
 * Writes at most one line a minute, and none without faults, in CloudWatch's embedded metric format: a log line that
 * becomes one metric per kind of fault, without an API call or a permission.
 * Source: CloudWatch User Guide, "Specification: Embedded metric format".
 */
export function makeFaultCounter(service: string, write: (fields: object) => void): FaultCounter {
  const counts = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (counts.size === 0) return;
    const values = Object.fromEntries(counts);
    counts.clear();
    write({
      [SERVICE_DIMENSION]: service,
      ...values,
      _aws: {
        Timestamp: systemClock.nowMs(),
        CloudWatchMetrics: [
          {
            Namespace: METRICS_NAMESPACE,
            Dimensions: [[SERVICE_DIMENSION]],
            Metrics: Object.keys(values).map((name) => ({ Name: name, Unit: "Count" })),
          },
        ],
      },
    });
  }

  return {
    see(fields) {
      if (typeof fields !== "object" || fields === null || !("fault" in fields)) return;
      if (typeof fields.fault !== "string") return;
      counts.set(fields.fault, (counts.get(fields.fault) ?? 0) + 1);
      // Pending counts must not keep the process alive; they are flushed on exit.
      timer ??= setTimeout(flush, FLUSH_MS).unref();
    },
    flush,
  };
}
