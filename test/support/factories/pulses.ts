import type { PulseOf } from "#libs/contracts/pulse-item.ts";
import { SCAN_TIME } from "./results.ts";

type Fresh<S extends PulseOf<"finder" | "analyzer" | "selector" | "scanner">["service"]> = Omit<
  PulseOf<S>,
  "ttl"
>;

const NOW_MS = (SCAN_TIME + 60) * 1_000;
const frame = {
  worker: "host:1",
  startedAt: NOW_MS - 600_000,
  writtenAt: NOW_MS,
  stoppedAt: null,
  lastWorkAt: NOW_MS - 10_000,
};

export function finderPulse(overrides: Partial<Fresh<"finder">> = {}): Fresh<"finder"> {
  const counts = {
    signals: 57,
    entries: 2,
    noEntry: 55,
    stale: 0,
    unlisted: 0,
    positions: 2,
    reasons: [
      { reason: "coin trend is sideways", count: 40 },
      { reason: "the Bollinger band is too narrow", count: 15 },
    ],
    retries: 1,
    deadLetters: 0,
  };
  return { service: "finder", ...frame, total: counts, lastMinute: counts, ...overrides };
}

export function analyzerPulse(overrides: Partial<Fresh<"analyzer">> = {}): Fresh<"analyzer"> {
  const counts = { done: 149, failed: 1, retries: 2, deadLetters: 1 };
  return { service: "analyzer", ...frame, total: counts, lastMinute: counts, ...overrides };
}

export function selectorPulse(overrides: Partial<Fresh<"selector">> = {}): Fresh<"selector"> {
  const counts = { runs: 10, failures: 0, taken: 570, published: 570 };
  return {
    service: "selector",
    ...frame,
    lastRun: {
      at: frame.lastWorkAt,
      durationMs: 120,
      newestScanId: "scan-2030-06-15T15",
      coins: 30,
      judged: 300,
      taken: 57,
      published: 57,
    },
    lastFailure: null,
    queues: [{ queue: "backtest-tasks", ready: 3, retrying: 1, dead: 0, oldestAgeSeconds: 12 }],
    queuesMeasuredAt: frame.lastWorkAt,
    total: counts,
    lastMinute: counts,
    ...overrides,
  };
}

export function scannerPulse(overrides: Partial<Fresh<"scanner">> = {}): Fresh<"scanner"> {
  return {
    service: "scanner",
    ...frame,
    lastScan: {
      scanId: "scan-2030-06-15T15",
      at: frame.lastWorkAt,
      durationMs: 1_500,
      universe: 612,
      taken: 30,
      tasks: 150,
    },
    lastFailure: null,
    total: { scans: 1, failures: 0 },
    lastMinute: { scans: 1, failures: 0 },
    ...overrides,
  };
}
