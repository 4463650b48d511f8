import type { Gate } from "#libs/strategy/engine/gate.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import type { Study } from "#libs/strategy/study.ts";
import { FIRST_DECISION_INDEX } from "#libs/strategy/warm-up.ts";
import { ParameterReads } from "./parameter-reads.ts";

/** Candles on which a strategy is watched to learn which parameters it reads. */
const SAMPLES = 64;
/** To notice what is read makes a decision slower. Sets that differ in more parameters share too few of them. */
const MOST_NOTICED = 5;

/**
 * Parameter sets in an order in which those that a decision cannot distinguish are adjacent. A decision depends on the
 * market and on the parameters that it has read; most candles are refused after one or two of them. So one decision
 * serves all sets that agree on what it has read, and with the most read parameters ordered first they are neighbours.
 * Of sets that differ in many parameters, where this would spare little, only equal ones share decisions.
 */
export class SharedDecisions {
  /** Indexes of the sets as given, in their new order. */
  readonly order: readonly number[];
  readonly #reads: ParameterReads;
  readonly #parameters: readonly object[];
  readonly #isNoticing: boolean;
  /** By the number of parameters read, most read first: where the next set stands that differs in one of them. */
  readonly #nextOther: readonly Int32Array[];

  /**
   * @param gate closed candles are not watched; null: none is.
   * @param sets parameters of one strategy; equal parts of them are the same objects.
   */
  constructor(strategy: Strategy, study: Study, gate: Gate | null, sets: readonly object[]) {
    this.#reads = new ParameterReads(sets);
    const { readable } = this.#reads;
    const ranked = mostReadFirst(strategy, study, sampleCandles(study, gate), this.#reads);
    this.#reads.rank(ranked);
    const keys = ranked.map((part) => numbered(readable.map(({ values }) => values[part])));
    this.order = [...sets.keys()].sort((a, b) => {
      for (const key of keys) {
        const difference = (key[a] ?? 0) - (key[b] ?? 0);
        if (difference !== 0) return difference;
      }
      return a - b;
    });
    this.#nextOther = nextOthers(this.order, keys);
    this.#isNoticing = this.#reads.parts <= MOST_NOTICED;
    this.#parameters = this.order.map(
      (set) => (this.#isNoticing ? readable[set]?.parameters : sets[set]) ?? {},
    );
    // Unnoticed, everything may have been read.
    this.#reads.deepest = this.#reads.parts;
  }

  /** The parameters of the set at a place, for one decision between `begin` and `end`. */
  parameters(place: number): object {
    return this.#parameters[place] ?? {};
  }

  /** Before a decision: nothing has been read yet. */
  begin(): void {
    if (this.#isNoticing) this.#reads.deepest = 0;
  }

  /** After a decision with the parameters at `place`: the first place behind it where it may be another one. */
  end(place: number): number {
    return this.#nextOther[this.#reads.deepest]?.[place] ?? place + 1;
  }
}

function sampleCandles(study: Study, gate: Gate | null): number[] {
  const { length } = study.input.candles;
  const stride = Math.max(1, Math.floor((length - FIRST_DECISION_INDEX) / SAMPLES));
  const samples = new Set<number>();
  for (let i = FIRST_DECISION_INDEX; i < length; i += stride) {
    const open = gate === null ? i : study.seek(i, length, gate);
    if (open < length) samples.add(open);
  }
  return [...samples];
}

function mostReadFirst(
  strategy: Strategy,
  study: Study,
  samples: readonly number[],
  reads: ParameterReads,
): number[] {
  const [sample] = reads.readable;
  const counts = new Float64Array(reads.parts);
  for (const i of sample === undefined ? [] : samples) {
    reads.seen.fill(0);
    strategy.decide(study.at(i), sample?.parameters ?? {});
    for (let part = 0; part < reads.parts; part++)
      counts[part] = (counts[part] ?? 0) + (reads.seen[part] ?? 0);
  }
  return [...counts.keys()].sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0) || a - b);
}

/** Equal values get equal numbers, in the order of their first appearance. */
function numbered(values: readonly unknown[]): number[] {
  const numbers = new Map<unknown, number>();
  return values.map((value) => {
    const number = numbers.get(value) ?? numbers.size;
    numbers.set(value, number);
    return number;
  });
}

function nextOthers(order: readonly number[], keys: readonly (readonly number[])[]): Int32Array[] {
  const count = order.length;
  return Array.from({ length: keys.length + 1 }, (_, depth) => {
    const next = new Int32Array(count).fill(count);
    for (let place = count - 2; place >= 0; place--) {
      const same = keys.slice(0, depth).every((key) => key[order[place] ?? 0] === key[order[place + 1] ?? 0]);
      next[place] = same ? (next[place + 1] ?? count) : place + 1;
    }
    return next;
  });
}
