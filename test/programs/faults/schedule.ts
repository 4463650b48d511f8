import { FAULT_KINDS, type FaultKind } from "#libs/simulator/faults.ts";
import { makeRandom } from "#test/support/factories/random.ts";
import {
  ANALYZERS,
  DATABASE_TROUBLES,
  type Fault,
  FINDERS,
  type Phase,
  SCANNERS,
  type Schedule,
  SELECTORS,
  type WorkerName,
} from "./faults.ts";
import { POISON, STALE } from "./messages.ts";

/**
 * How often one message may come back in a phase. A fifth failure makes a dead letter of it, and rightly: five
 * workers that die with the same message in hand are a crash loop. A fourth makes it wait for a minute, in which a
 * signal expires.
 */
const MOST_RETURNS = 3;

/** Requests to database and exchange that a phase takes without faults, or a little fewer. */
const PHASE_REQUESTS: Readonly<Record<Phase, number>> = { scan: 200, search: 150 };
const WORKERS: Readonly<Record<Phase, readonly WorkerName[]>> = {
  scan: [...ANALYZERS, ...ANALYZERS, ...SCANNERS],
  search: [...FINDERS, ...FINDERS, ...SELECTORS],
};
/** A long stretch without a heartbeat, for the broker to notice. */
const SILENCE_MS = 6_500;
/** Spoiled pages heal when they are fetched again, which is done twice: a third would be a lasting hole. */
const MOST_SPOILED_PAGES = 2;
const SPOILED: readonly FaultKind[] = ["hole", "duplicate", "running-candle"];

/** A fault with what it may cost a message in deliveries. */
interface Choice {
  readonly fault: Fault;
  readonly returns: number;
  /** At most one of a kind in a phase, where two would only wait for each other. */
  readonly once?: boolean;
}

/** What goes wrong in the run of a seed: the same for the same seed, on every machine. */
export function makeSchedule(seed: number): Schedule {
  const random = makeRandom(seed * 2_654_435_761);
  // The generator's first numbers of neighbouring seeds are alike.
  for (let i = 0; i < 8; i++) random();
  return { seed, scan: phaseFaults("scan", random), search: phaseFaults("search", random) };
}

function phaseFaults(phase: Phase, random: () => number): Fault[] {
  const pick = <T>(values: readonly [T, ...T[]] | readonly T[]): T => {
    const value = values[Math.floor(random() * values.length)];
    if (value === undefined) throw new RangeError("nothing to pick from");
    return value;
  };
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low + 1));
  const some = <T>(values: readonly T[], share: number) => values.filter(() => random() < share);

  const chosen: Choice[] = [];
  const wanted = between(4, 8);
  let returns = 0;
  for (let tries = 0; chosen.length < wanted && tries < 50; tries++) {
    const choice = draw();
    if (returns + choice.returns > MOST_RETURNS) continue;
    if (choice.once && chosen.some(({ fault }) => fault.kind === choice.fault.kind)) continue;
    if (spoiledPages([...chosen, choice]) > MOST_SPOILED_PAGES) continue;
    returns += choice.returns;
    chosen.push(choice);
  }
  const poison = some(POISON, 0.4).map((what): Fault => ({ kind: "poison", what }));
  const stale = phase === "search" ? some(STALE, 0.6).map((what): Fault => ({ kind: "stale", what })) : [];
  return [...chosen.map(({ fault }) => fault), ...poison, ...stale];

  function draw(): Choice {
    const at = between(1, PHASE_REQUESTS[phase]);
    const worker = pick(WORKERS[phase]);
    switch (between(0, 17)) {
      case 0:
      case 16:
        return { fault: { kind: "kill", worker, at }, returns: 1 };
      case 1:
      case 2:
      case 17:
        return {
          fault: {
            kind: "kill at request",
            worker,
            request: worker.startsWith("analyzer") ? between(1, 14) : between(1, 6),
            carriedOut: random() < 0.6,
          },
          returns: 1,
        };
      case 3:
        return { fault: { kind: "terminate", worker, at }, returns: 0 };
      case 4:
        return { fault: { kind: "hang", worker, at, forMs: SILENCE_MS }, returns: 1, once: true };
      case 5:
        return { fault: { kind: "clock", worker, offBySeconds: pick([-60, 60]) }, returns: 0, once: true };
      case 6:
        return { fault: { kind: "broker restart", at, downMs: between(0, 1_500) }, returns: 1, once: true };
      case 7:
        return { fault: { kind: "cut", worker, at, refusedMs: between(0, 1_500) }, returns: 1 };
      case 8:
        return { fault: { kind: "half-open", worker, at, forMs: SILENCE_MS }, returns: 1, once: true };
      case 9:
      case 10:
        return { fault: { kind: "duplicates", at, messages: between(3, 24) }, returns: 0 };
      case 11:
        return {
          fault: {
            kind: "database",
            trouble: pick(DATABASE_TROUBLES),
            fromRequest: between(1, 60),
            requests: between(4, 40),
            share: pick([0.2, 0.5]),
          },
          // The SDK tries each request five times; that it fails in all of them is rare, and possible.
          returns: 1,
          once: true,
        };
      case 12:
        return {
          fault: {
            kind: "database outage",
            trouble: pick(["throttled", "500", "503"] as const),
            at,
            forMs: between(1_500, 3_000),
          },
          returns: 2,
          once: true,
        };
      case 13:
      case 14:
        return { fault: exchangeFault(), returns: 0 };
      default:
        return {
          fault: { kind: "full parking", at: Math.floor(at / 2), forMs: between(2_500, 3_500) },
          returns: 2,
          once: true,
        };
    }
  }

  function exchangeFault(): Fault {
    const trouble = pick(FAULT_KINDS);
    const isSpoiled = SPOILED.includes(trouble);
    const delayMs = trouble === "slow" ? pick([700, 3_000]) : trouble === "rate-limit" ? 1_500 : 0;
    return {
      kind: "exchange",
      trouble,
      after: between(0, phase === "scan" ? 80 : 40),
      // Fewer than a call's attempts, so that no call fails for good.
      times: isSpoiled || trouble === "banned" ? 1 : between(1, 4),
      delayMs,
    };
  }
}

function spoiledPages(choices: readonly Choice[]): number {
  return choices.reduce(
    (sum, { fault }) =>
      fault.kind === "exchange" && SPOILED.includes(fault.trouble) ? sum + fault.times : sum,
    0,
  );
}
