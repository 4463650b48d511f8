import { Writable } from "node:stream";
import { flushFaults, type Logger, type LogOptions, makeLogger } from "#libs/runtime/logging.ts";

/** A service's real logger, and what it has counted of its faults. */
export interface CountedFaults {
  readonly logger: Logger;
  /** The metrics as CloudWatch would add them up, up to now. */
  counts(): Record<string, number>;
  /** All lines as they were written. */
  lines(): readonly Readonly<Record<string, unknown>>[];
  text(): string;
}

export function countedFaults(format: LogOptions["format"] = "json"): CountedFaults {
  let text = "";
  const writer = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  const logger = makeLogger({ service: "finder", level: "info", format, writer });
  const lines = () =>
    text
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line): Record<string, unknown> => JSON.parse(line));
  return {
    logger,
    lines,
    text: () => text,
    counts() {
      flushFaults(logger);
      const sums: Record<string, number> = {};
      for (const line of lines()) {
        for (const name of metricNames(line)) sums[name] = (sums[name] ?? 0) + Number(line[name]);
      }
      return sums;
    },
  };
}

/** The metrics that a line in the embedded metric format declares. */
export function metricNames(line: Readonly<Record<string, unknown>>): string[] {
  const { _aws: embedded } = line as { _aws?: { CloudWatchMetrics: { Metrics: { Name: string }[] }[] } };
  return (embedded?.CloudWatchMetrics ?? []).flatMap(({ Metrics }) => Metrics.map(({ Name }) => Name));
}
