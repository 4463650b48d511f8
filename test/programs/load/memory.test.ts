import { describe, expect, it } from "vitest";
import { MOST_RSS_MIB, memoryFaults, memoryRows } from "./memory.ts";
import { append, emptySamples, type HeapRow, type ProcessSample } from "./samples.ts";

const HOURS = 24;

/** A day of one process: what it needs at each minute, and holds at the end of each hour. */
function day(
  sample: (minute: number) => Partial<ProcessSample>,
  heap: (minute: number) => Partial<HeapRow> = () => ({}),
) {
  const samples = emptySamples();
  for (let minute = 0; minute < HOURS * 60; minute++) {
    append(samples.processes, "finder 1", {
      minute,
      rssMib: 110 + (minute % 7),
      peakMib: 120,
      cpuSeconds: minute,
      descriptors: 30 + (minute % 3),
      sockets: 10,
      ...sample(minute),
    });
    if (minute % 60 !== 59) continue;
    append(samples.heaps, "finder 1", { minute, heldMib: 40, timers: 8, resources: {}, ...heap(minute) });
  }
  return samples;
}

const faultsOf = (samples: ReturnType<typeof day>) => memoryRows(samples, 120).flatMap(memoryFaults);

describe("the limits of a process", () => {
  it("are kept by one that is level, however it grew while it warmed up", () => {
    expect(faultsOf(day((minute) => ({ rssMib: Math.min(minute, 120) })))).toEqual([]);
  });

  it.each([
    ["memory at any moment", day(() => ({ peakMib: MOST_RSS_MIB + 1 })), /took 151/],
    [
      "held memory",
      day(
        () => ({}),
        (minute) => ({ heldMib: 40 + minute / 300 }),
      ),
      /held memory grew by 4\.2/,
    ],
    ["resident memory", day((minute) => ({ rssMib: 90 + minute / 100 })), /resident memory grew by 13/],
    ["descriptors", day((minute) => ({ descriptors: 30 + Math.floor(minute / 200) })), /descriptors grew by/],
    [
      "timers",
      day(
        () => ({}),
        (minute) => ({ timers: Math.floor(minute / 60) }),
      ),
      /timers grew by 21/,
    ],
  ])("are broken by too much or growing %s", (_, samples, fault) => {
    expect(faultsOf(samples)).toEqual([expect.stringMatching(fault)]);
  });

  it("tell no growth from a few samples", () => {
    const few = emptySamples();
    append(few.processes, "selector", {
      minute: 0,
      rssMib: 100,
      peakMib: 101,
      cpuSeconds: 1,
      descriptors: 20,
      sockets: 4,
    });
    expect(memoryRows(few, 0)).toMatchObject([
      { process: "selector", rssGrowthMib: null, heldGrowthMib: null },
    ]);
  });
});
