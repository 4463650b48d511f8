import type { Candles } from "#libs/candles/candles.ts";
import type { Side, Signal } from "#libs/strategy/decision.ts";
import type { Gate } from "#libs/strategy/engine/gate.ts";
import { looserGate } from "#libs/strategy/engine/looser-gate.ts";
import type { MarketView } from "#libs/strategy/market-view.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import type { Study } from "#libs/strategy/study.ts";
import { FIRST_DECISION_INDEX } from "#libs/strategy/warm-up.ts";
import type { TradeRules } from "#libs/trading/trade-rules.ts";
import { enterTrade } from "../engine/enter-trade.ts";
import { exitTrade, findExit } from "../engine/find-exit.ts";
import { openWorth } from "../engine/open-worth.ts";
import { reviewExits } from "../engine/review-exits.ts";
import type { Configuration } from "./configuration.ts";
import { ScoreTable, scoreOf } from "./score.ts";
import { SharedDecisions } from "./shared-decisions.ts";
import type { Segment } from "./walk-forward.ts";

export interface Scan {
  readonly study: Study;
  readonly strategy: Strategy;
  /** Made by one `ConfigurationMaker`, so that equal groups are the same objects. */
  readonly configurations: readonly Configuration[];
  readonly segments: readonly Segment[];
  /** The instrument's price step as printed; prices are exact without it. */
  readonly tickSize?: string | undefined;
  /** Shorter candles, see `reviewExits`. */
  readonly detail?: Candles | undefined;
}

/** Candles between two reports of progress; also what the list of open gates is for. */
const BLOCK = 1024;
/** Later than any candle: the position is held to the segment's end. */
const NEVER = 0x7fffffff;

/**
 * Trades every configuration on every segment, with the trades that `simulate` would make of each alone, in one walk
 * over the candles. At each candle all configurations are asked in turn, so what the market looks like there (bands,
 * legs, zones) is computed once; a gate is scanned once for all that share it; a configuration that holds a position in
 * every segment is not evaluated; and the outcome of a trade depends only on its candle, side and rules, so it is followed
 * once for all configurations and segments that enter it.
 * @param onCandles is called after each block with the number of processed candles and the total.
 */
export function scanConfigurations(
  scan: Scan,
  onCandles: (done: number, total: number) => void = () => {},
): ScoreTable {
  const groups = gateGroups(scan);
  const walkers = groups.flatMap((group) => group.walkers);
  const scores = new ScoreTable(scan.configurations.length, scan.segments.length);
  const first = (segment: Segment): number => Math.max(FIRST_DECISION_INDEX, segment.from);
  // Between two borders the same segments are walked. The last candle of one cannot be entered after.
  const borders = [...new Set(scan.segments.flatMap((segment) => [first(segment), segment.end - 1]))].sort(
    (a, b) => a - b,
  );
  const total = (borders.at(-1) ?? 0) - (borders[0] ?? 0);
  const outcomes = new Outcomes(scan);
  const open = new OpenGates(groups.length);
  for (const [k, from] of borders.entries()) {
    const end = borders[k + 1];
    scan.segments.forEach((segment, s) => {
      if (segment.end - 1 !== from) return;
      for (const walker of walkers) {
        const { nets, openNet } = walker.leave(s);
        scores.put(walker.set, s, scoreOf(nets, openNet));
      }
    });
    if (end === undefined) break;
    scan.segments.forEach((segment, s) => {
      if (first(segment) === from && segment.end - 1 > from)
        for (const walker of walkers) walker.enter(s, segment, from);
    });
    for (let start = from; start < end; start += BLOCK) {
      const until = Math.min(end, start + BLOCK);
      open.list(scan.study, groups, start, until);
      walkBlock(scan, groups, open, outcomes, start, until);
      onCandles(until - (borders[0] ?? 0), total);
    }
  }
  return scores;
}

function walkBlock(
  { study, strategy }: Scan,
  groups: readonly GateGroup[],
  open: OpenGates,
  outcomes: Outcomes,
  start: number,
  until: number,
): void {
  for (let i = start; i < until; i++) {
    if (!open.any(i)) continue;
    const view = study.at(i);
    for (let g = 0; g < groups.length; g++) {
      const group = groups[g];
      if (group !== undefined && open.is(i, g)) askAll(group, strategy, view, outcomes, i);
    }
  }
}

function askAll(
  { walkers, decisions }: GateGroup,
  strategy: Strategy,
  view: MarketView,
  outcomes: Outcomes,
  i: number,
): void {
  for (let place = 0; place < walkers.length; ) {
    const walker = walkers[place];
    if (walker === undefined || walker.freeFrom > i) {
      place++;
      continue;
    }
    decisions.begin();
    const decision = strategy.decide(view, decisions.parameters(place));
    const end = decisions.end(place);
    if (decision.kind === "none") {
      place = end;
      continue;
    }
    for (; place < end; place++) {
      const same = walkers[place];
      if (same !== undefined && same.freeFrom <= i) same.trade(i, outcomes.of(i, decision, same.rules));
    }
  }
}

/** What becomes of a signal when nothing holds it back. */
interface Outcome {
  readonly side: Side;
  /** Whether the next candle opens within the tolerance. */
  readonly entered: boolean;
  /** Candle in which the trade ends, `NEVER` when none does. */
  readonly exitIndex: number;
  /** USDT. */
  readonly net: number;
  /** What the position is worth at the close of the last candle before `end`, in which it is still open. USDT. */
  readonly openNet: (end: number) => number;
}

/** Where a configuration stands in one segment. */
interface Place {
  readonly end: number;
  freeFrom: number;
  readonly nets: number[];
  openNet: number | null;
}

/** One configuration on its way over the candles: where it stands in each segment that is being walked. */
class Walker {
  readonly set: number;
  readonly rules: TradeRules;
  readonly #segments = new Map<number, Place>();
  /** First candle at which it holds no position in some segment. */
  freeFrom = NEVER;

  constructor(set: number, rules: TradeRules) {
    this.set = set;
    this.rules = rules;
  }

  enter(s: number, segment: Segment, i: number): void {
    this.#segments.set(s, { end: segment.end, freeFrom: i, nets: [], openNet: null });
    this.freeFrom = Math.min(this.freeFrom, i);
  }

  /** Answers the results of the trades that ended inside, and the worth of the position still open. */
  leave(s: number): Pick<Place, "nets" | "openNet"> {
    const { nets, openNet } = this.#segments.get(s) ?? { nets: [], openNet: null };
    this.#segments.delete(s);
    this.#findFree();
    return { nets, openNet };
  }

  trade(i: number, outcome: Outcome): void {
    for (const place of this.#segments.values()) {
      if (place.freeFrom > i) continue;
      if (!outcome.entered) {
        place.freeFrom = i + 1;
      } else if (outcome.exitIndex < place.end) {
        place.nets.push(outcome.net);
        // The candle in which the trade ended may signal the next one.
        place.freeFrom = outcome.exitIndex;
      } else {
        place.openNet = outcome.openNet(place.end);
        place.freeFrom = NEVER;
      }
    }
    this.#findFree();
  }

  #findFree(): void {
    let free = NEVER;
    for (const place of this.#segments.values()) free = Math.min(free, place.freeFrom);
    this.freeFrom = free;
  }
}

/** Simulates each trade once for all sets that enter it. Only those of the latest candle are cached. */
class Outcomes {
  readonly #scan: Scan;
  readonly #kept = new Map<TradeRules, Outcome[]>();
  #i = -1;

  constructor(scan: Scan) {
    this.#scan = scan;
  }

  of(i: number, signal: Signal, rules: TradeRules): Outcome {
    if (i !== this.#i) {
      this.#kept.clear();
      this.#i = i;
    }
    let kept = this.#kept.get(rules);
    if (kept === undefined) {
      kept = [];
      this.#kept.set(rules, kept);
    }
    let outcome = kept.find(({ side }) => side === signal.side);
    if (outcome === undefined) {
      outcome = this.#follow(i, signal, rules);
      kept.push(outcome);
    }
    return outcome;
  }

  #follow(i: number, signal: Signal, rules: TradeRules): Outcome {
    const { study, detail, tickSize } = this.#scan;
    const { candles, funding } = study.input;
    const { side } = signal;
    const trade = enterTrade(candles, i, signal, rules, tickSize);
    if (trade === null) return { side, entered: false, exitIndex: NEVER, net: 0, openNet: () => 0 };
    const market = { candles, funding, rules };
    const openNet = (end: number): number => openWorth(market, trade, end).net;
    const exitIndex = findExit(candles, trade, i + 1, candles.length);
    if (exitIndex === -1) return { side, entered: true, exitIndex: NEVER, net: 0, openNet };
    const ended = exitTrade(market, trade, exitIndex);
    const [actual = ended] = detail === undefined ? [] : reviewExits([ended], market, detail).trades;
    return { side, entered: true, exitIndex, net: actual.net, openNet };
  }
}

/** Configurations that share a gate, the loosest of theirs; null: any candle may be a signal. */
interface GateGroup {
  readonly gate: Gate | null;
  /** In the order of `decisions`. */
  readonly walkers: readonly Walker[];
  readonly decisions: SharedDecisions;
}

/**
 * One gate for all configurations whose gates can be one. It is open more often than some of theirs, and to ask a
 * strategy once too often costs less than to scan the candles once more.
 */
function gateGroups({ strategy, study, configurations }: Scan): GateGroup[] {
  const groups: { gate: Gate | null; readonly sets: number[] }[] = [];
  for (const [set, { parameters }] of configurations.entries()) {
    const gate = strategy.gate?.(parameters) ?? null;
    const joined = (known: Gate | null): Gate | null =>
      known === null || gate === null ? null : looserGate(known, gate);
    const group = groups.find((known) => (gate === null ? known.gate === null : joined(known.gate) !== null));
    if (group === undefined) {
      groups.push({ gate, sets: [set] });
    } else {
      group.gate = joined(group.gate);
      group.sets.push(set);
    }
  }
  return groups.map(({ gate, sets }) => {
    const members = sets.flatMap((set) => {
      const configuration = configurations[set];
      return configuration === undefined ? [] : [{ set, ...configuration }];
    });
    const decisions = new SharedDecisions(
      strategy,
      study,
      gate,
      members.map(({ parameters }) => parameters),
    );
    const walkers = decisions.order.flatMap((k) => {
      const member = members[k];
      return member === undefined ? [] : [new Walker(member.set, member.rules)];
    });
    return { gate, walkers, decisions };
  });
}

/** Which gates are open at the candles of a block. */
class OpenGates {
  readonly #gates: number;
  readonly #open: Uint8Array;
  readonly #any = new Uint8Array(BLOCK);
  #start = 0;

  constructor(gates: number) {
    this.#gates = gates;
    this.#open = new Uint8Array(BLOCK * gates);
  }

  list(study: Study, groups: readonly GateGroup[], start: number, until: number): void {
    this.#start = start;
    this.#open.fill(0);
    this.#any.fill(0);
    for (const [g, { gate }] of groups.entries()) {
      const next = (i: number): number => (gate === null || i >= until ? i : study.seek(i, until, gate));
      for (let i = next(start); i < until; i = next(i + 1)) {
        this.#any[i - start] = 1;
        this.#open[(i - start) * this.#gates + g] = 1;
      }
    }
  }

  any(i: number): boolean {
    return this.#any[i - this.#start] === 1;
  }

  is(i: number, gate: number): boolean {
    return this.#open[(i - this.#start) * this.#gates + gate] === 1;
  }
}
