import type { Decision } from "#libs/strategy/decision.ts";
import type { MarketView } from "#libs/strategy/market-view.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import type { Study } from "#libs/strategy/study.ts";
import { type Answer, type AnswerValue, RecordingView, type Unit } from "./recording-view.ts";

/** What a strategy read for one candle, and its decision. */
export interface Observation {
  readonly answers: readonly Answer[];
  readonly isSignal: boolean;
  /** The decision in words, or the error that the strategy threw instead. */
  readonly decision: string;
  /** Why that is no decision a backtest could use; null when it is one. */
  readonly fault: string | null;
  /** A question about a candle that had not closed, null without one. */
  readonly questionAhead: string | null;
}

/** Where two observations of one candle part. */
export interface Difference {
  /** The question whose answer changed, as written in code, or "decision". */
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

/** What a market's prices and volumes were multiplied by. */
export type Factors = Readonly<Record<Unit, number>>;

const AS_IT_IS: Factors = { price: 1, volume: 1 };

/** A strategy with the parameters it decides by. */
export interface Subject {
  readonly strategy: Strategy;
  readonly parameters: object;
}

/** Asks a strategy about candle `i` and notes what it asks. */
export function observe(subject: Subject, study: Study, i: number): Observation {
  const view = new RecordingView(study.at(i));
  return { ...outcomeOf(subject, view), answers: view.answers, questionAhead: view.questionAhead };
}

/** Asks a strategy about candle `i` with nothing in between, as a backtest does. */
export function observeUnwatched(subject: Subject, study: Study, i: number): Observation {
  return { ...outcomeOf(subject, study.at(i)), answers: [], questionAhead: null };
}

function outcomeOf({ strategy, parameters }: Subject, view: MarketView) {
  try {
    const decision = strategy.decide(view, parameters);
    const fault = faultOf(decision);
    return {
      isSignal: fault === null && decision.kind === "signal",
      decision: fault ?? decisionText(decision),
      fault,
    };
  } catch (error) {
    const fault = `an error: ${String(error)}`;
    return { isSignal: false, decision: fault, fault };
  }
}

/** Types do not hold at run time: a figure may be NaN, a cast may lie. */
function faultOf(decision: unknown): string | null {
  if (typeof decision !== "object" || decision === null) return `no decision but ${String(decision)}`;
  if (decision instanceof Promise) return "no decision but a promise";
  const field = (name: string): unknown => Reflect.get(decision, name);
  const kind = field("kind");
  if (kind === "none") return typeof field("reason") === "string" ? null : "a refusal without a reason";
  if (kind !== "signal") return `a decision of kind ${String(kind)}`;
  const side = field("side");
  if (side !== "LONG" && side !== "SHORT") return `a signal with side ${String(side)}`;
  const confidence = field("confidence");
  if (!(typeof confidence === "number" && confidence >= 0 && confidence <= 100)) {
    return `a signal with confidence ${String(confidence)}`;
  }
  const reasons = field("reasons");
  const areSentences = Array.isArray(reasons) && reasons.every((reason) => typeof reason === "string");
  return areSentences ? null : "a signal without a list of reasons";
}

/** An indicator that differs by less than this fraction is the same: rounding in another order. */
const SAME = 1e-9;

/**
 * The first answer that is another one, or the decision when it changed though every answer was the same; null when
 * nothing changed.
 * @param factors what prices and volumes were multiplied by between the two.
 */
export function firstDifference(
  expected: Observation,
  found: Observation,
  factors: Factors = AS_IT_IS,
): Difference | null {
  for (const [k, before] of expected.answers.entries()) {
    const after = found.answers[k];
    // It read something else although all values were the same: the decision below shows whether it matters.
    if (after === undefined || after.question !== before.question) break;
    const value = scaled(before, factors);
    if (!isSame(value, after.value)) {
      return { what: before.question, expected: shown(value), found: shown(after.value) };
    }
  }
  if (expected.decision === found.decision) return null;
  return { what: "decision", expected: expected.decision, found: found.decision };
}

function scaled({ unit, value }: Answer, factors: Factors): AnswerValue {
  return unit !== null && typeof value === "number" ? value * factors[unit] : value;
}

function isSame(a: AnswerValue, b: AnswerValue): boolean {
  if (typeof a !== "number" || typeof b !== "number") return a === b;
  return Object.is(a, b) || a === b || Math.abs(a - b) <= SAME * Math.max(Math.abs(a), Math.abs(b));
}

function shown(value: AnswerValue): string {
  return typeof value === "number" ? `${Number(value.toPrecision(12))}` : `${value}`;
}

/** Side and confidence: what is traded. The sentences for people may be worded by other figures. */
function decisionText(decision: Decision): string {
  return decision.kind === "none" ? "no signal" : `${decision.side} with confidence ${decision.confidence}`;
}
