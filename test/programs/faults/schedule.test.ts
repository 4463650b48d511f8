import { describe, expect, it } from "vitest";
import { DATABASE_TROUBLES, describeSchedule, type Fault } from "./faults.ts";
import { POISON, STALE } from "./messages.ts";
import { makeSchedule } from "./schedule.ts";

const SEEDS = Array.from({ length: 300 }, (_, i) => i + 1);
const faultsOf = (seed: number): Fault[] => [...makeSchedule(seed).scan, ...makeSchedule(seed).search];

describe("a schedule of faults", () => {
  it("is the same for the same seed, in words and in data, and another for another", () => {
    expect(makeSchedule(7)).toEqual(makeSchedule(7));
    expect(describeSchedule(makeSchedule(7))).toBe(describeSchedule(makeSchedule(7)));
    expect(new Set(SEEDS.map((seed) => describeSchedule(makeSchedule(seed)))).size).toBe(SEEDS.length);
  });

  it("has every kind of fault among some seeds, and several in each", () => {
    const kinds = new Set(
      SEEDS.flatMap((seed) =>
        faultsOf(seed).map((fault) => {
          if (fault.kind === "poison" || fault.kind === "stale") return `${fault.kind} ${fault.what}`;
          if (fault.kind === "database" || fault.kind === "exchange") return `${fault.kind} ${fault.trouble}`;
          return fault.kind;
        }),
      ),
    );
    const wanted = [
      ...["kill", "kill at request", "terminate", "hang", "clock", "broker restart", "cut", "half-open"],
      ...["duplicates", "database outage", "full parking"],
      ...POISON.map((what) => `poison ${what}`),
      ...STALE.map((what) => `stale ${what}`),
      ...DATABASE_TROUBLES.map((trouble) => `database ${trouble}`),
      ...[
        "rate-limit",
        "server-error-code",
        "traffic-limit",
        "banned",
        "http-500",
        "slow",
        "dropped",
        "cut",
      ].map((trouble) => `exchange ${trouble}`),
      ...["garbage", "html", "hole", "duplicate", "running-candle"].map((trouble) => `exchange ${trouble}`),
    ];
    expect([...kinds].sort()).toEqual([...wanted].sort());
    for (const seed of SEEDS) expect(faultsOf(seed).length).toBeGreaterThanOrEqual(6);
  });

  it("never asks more of one message than its deliveries, nor spoils a page for good", () => {
    for (const seed of SEEDS) {
      for (const faults of [makeSchedule(seed).scan, makeSchedule(seed).search]) {
        const losses = faults.filter((fault) =>
          ["kill", "kill at request", "hang", "broker restart", "cut", "half-open"].includes(fault.kind),
        );
        expect(losses.length).toBeLessThanOrEqual(3);
        const spoiled = faults.filter(
          (fault) =>
            fault.kind === "exchange" && ["hole", "duplicate", "running-candle"].includes(fault.trouble),
        );
        expect(spoiled.length).toBeLessThanOrEqual(2);
      }
    }
  });
});
