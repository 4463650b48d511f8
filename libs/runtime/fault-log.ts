import type { Fault } from "#libs/contracts/faults.ts";
import { METRICS_NAMESPACE, SERVICE_DIMENSION } from "#libs/contracts/metrics.ts";
import { systemClock } from "./clock.ts";

/** The part of a logger that telling a fault takes. */
export interface WarningLog {
  warn(fields: object, message: string): void;
}

/** Tells a fault in one line, which the service's logger counts. */
export function logFault(logger: WarningLog, fault: Fault, fields: object): void {
  logger.warn({ ...fields, ...faultFields(fault) }, fault.message);
}

/** For a line that is told otherwise, as an error. */
export function faultFields({ metric, remedy }: Fault): { readonly fault: string; readonly remedy: string } {
  return { fault: metric, remedy };
}

/** CloudWatch charges a metric by the hour in which it was sent, and a minute is as fine as its alarms are. */
const FLUSH_MS = 60_000;

/** Counts faults between two lines with metrics. */
export interface FaultCounter {
  /** Looks at a log line's fields. */
  see(fields: unknown): void;
  /** Writes what was counted, if anything was. */
  flush(): void;
}

/**
 * Writes at most one line a minute, and none while all is well, in CloudWatch's embedded metric format: a line that
 * becomes metrics without a call or a permission, one for each kind of fault that occurred.
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
      // Nobody waits for figures: they do not keep the process alive.
      timer ??= setTimeout(flush, FLUSH_MS).unref();
    },
    flush,
  };
}
