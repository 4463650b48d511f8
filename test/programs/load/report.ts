import type { DayCounts } from "./day-counts.ts";
import type { BrokerLinks } from "./leftovers.ts";
import type { MemoryRow } from "./memory.ts";
import { quantile } from "./trend.ts";

/** The result of a run, as `--json` prints it. */
export interface LoadReport {
  readonly simulated: string;
  readonly hours: number;
  readonly node: string;
  readonly cores: number;
  readonly database: string;
  readonly seconds: number;
  readonly scans: number;
  readonly tasks: number;
  readonly tasksPerSecond: number;
  /** Of one task, from taking it to its stored result. */
  readonly taskMs: Quantiles;
  readonly selectorRuns: number;
  readonly signals: number;
  readonly signalsPerSecond: number;
  readonly ends: Readonly<Record<string, number>>;
  readonly positions: number;
  /** From the close of a candle to its position in the table. */
  readonly latencyMs: Quantiles;
  /** From the close of a candle to a finder's decision on it, entry or none. */
  readonly decisionMs: Quantiles;
  readonly logMegabytes: number;
  readonly mostWaiting: number;
  readonly links: { readonly warm: BrokerLinks; readonly last: BrokerLinks };
  readonly memory: readonly MemoryRow[];
  readonly faults: readonly string[];
}

export interface Quantiles {
  readonly count: number;
  readonly p50: number | null;
  readonly p99: number | null;
  readonly most: number | null;
}

export function quantilesOf(values: readonly number[]): Quantiles {
  return {
    count: values.length,
    p50: quantile(values, 0.5),
    p99: quantile(values, 0.99),
    most: quantile(values, 1),
  };
}

export function rates(counts: DayCounts) {
  return {
    tasksPerSecond: rounded(counts.taskEnds / counts.taskSeconds, 2),
    signalsPerSecond: rounded(counts.signals.size / counts.signalSeconds, 1),
  };
}

/** The run for people. */
export function describeReport(report: LoadReport): string {
  const { latencyMs, decisionMs, taskMs, links } = report;
  const spread = (of: Quantiles) =>
    `p50 ${seconds(of.p50)}, p99 ${seconds(of.p99)}, most ${seconds(of.most)} (${grouped(of.count)} of them)`;
  const seconds = (ms: number | null) => (ms === null ? "none" : `${(ms / 1000).toFixed(2)} s`);
  const ends = Object.entries(report.ends).map(([end, times]) => `${end} ${grouped(times)}`);
  return [
    report.simulated,
    "",
    `${report.hours} hours in ${Math.round(report.seconds)} s, Node ${report.node}, ${report.cores} cores, ${report.database}`,
    `scans ${report.scans}   tasks ${grouped(report.tasks)}   ${report.tasksPerSecond} a second   one: p50 ${seconds(taskMs.p50)}, p99 ${seconds(taskMs.p99)}`,
    `selector runs ${grouped(report.selectorRuns)}   signals ${grouped(report.signals)}   ${report.signalsPerSecond} a second, selection included`,
    `ends: ${ends.join(", ")}`,
    `positions ${grouped(report.positions)}`,
    `from a candle's close, 2 s of waiting for the candle included, to the decision: ${spread(decisionMs)}`,
    `                                                             to the position: ${spread(latencyMs)}`,
    `broker: connections ${links.warm.connections} then ${links.last.connections}, channels ${links.warm.channels} then ${links.last.channels}, queues ${links.warm.queues} then ${links.last.queues}; at most ${report.mostWaiting} messages waited at the end of a minute`,
    `log ${report.logMegabytes} MB`,
    "",
    ...memoryTable(report.memory),
    "",
    ...(report.faults.length === 0
      ? ["all limits are kept, nothing was lost, done twice or left over"]
      : ["FAILED", ...report.faults.map((fault) => `- ${fault}`)]),
    "",
  ].join("\n");
}

const COLUMNS = [
  "process",
  "peak MiB",
  "held MiB",
  "growth",
  "descriptors",
  "growth",
  "timers",
  "growth",
  "CPU s",
];

function memoryTable(rows: readonly MemoryRow[]): string[] {
  const growth = (value: number | null) =>
    value === null ? "-" : `${value < 0 ? "" : "+"}${value.toFixed(1)}`;
  const between = ([least, most]: readonly [number, number], digits: number) =>
    Number.isNaN(least) ? "-" : `${least.toFixed(digits)}-${most.toFixed(digits)}`;
  const lines = rows.map((row) => [
    row.process,
    row.peakMib.toFixed(0),
    between(row.heldMib, 1),
    growth(row.heldGrowthMib),
    between(row.descriptors, 0),
    growth(row.descriptorGrowth),
    between(row.timers, 0),
    growth(row.timerGrowth),
    row.cpuSeconds.toFixed(0),
  ]);
  const all = [COLUMNS, ...lines];
  const widths = COLUMNS.map((_, i) => Math.max(...all.map((line) => line[i]?.length ?? 0)));
  return all.map((line) =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  "),
  );
}

function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
