import type { Writable } from "node:stream";
import { type DestinationStream, type Logger, pino } from "pino";
import pretty from "pino-pretty";
import { type FaultCounter, makeFaultCounter } from "./fault-log.ts";

export type { Logger } from "pino";

export interface LogOptions {
  /** Absent for a process of several services, whose children name themselves. */
  readonly service?: string;
  readonly level: string;
  readonly format: "json" | "pretty";
  /** File descriptor: 1 for services; 2 where standard output carries a result. */
  readonly fd?: 1 | 2;
  /** Instead of a file descriptor: where a live view prints lines above itself. */
  readonly writer?: Writable;
}

const SECRETS = [
  "password",
  "secret",
  "apiKey",
  "apiSecret",
  "accessKeyId",
  "secretAccessKey",
  "sessionToken",
  "authorization",
];
/** In the fields of a line and one or two levels deeper, such as an error's configuration or headers. */
const REDACTED = SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/** Pino with fields first and a constant message; `pretty` for humans. Levels are words, times are ISO 8601. */
export function makeLogger(options: LogOptions): Logger {
  const fd = options.fd ?? 1;
  const destination: DestinationStream =
    options.format === "pretty"
      ? pretty({
          destination: options.writer ?? fd,
          sync: true,
          // The metric definitions are for CloudWatch; the values are separate fields.
          ignore: "service,_aws",
          messageFormat: "{service}  {msg}",
          translateTime: "SYS:HH:MM:ss",
        })
      : (options.writer ?? pino.destination({ fd, sync: true }));
  const faults =
    options.service === undefined
      ? undefined
      : makeFaultCounter(options.service, (fields) => logger.info(fields, "faults counted"));
  const logger: Logger = pino(
    {
      level: options.level,
      base: options.service === undefined ? {} : { service: options.service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: {
        // Child loggers use this hook too.
        logMethod(args, method) {
          faults?.see(args[0]);
          method.apply(this, args);
        },
      },
      redact: { paths: REDACTED, censor: "(hidden)" },
    },
    destination,
  );
  if (faults !== undefined) COUNTERS.set(logger, faults);
  return logger;
}

const COUNTERS = new WeakMap<Logger, FaultCounter>();

/** Writes the pending fault counts before the process exits. */
export function flushFaults(logger: Logger): void {
  COUNTERS.get(logger)?.flush();
}
