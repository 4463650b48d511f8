import type { Decision } from "#libs/strategy/decision.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import type { Study } from "#libs/strategy/study.ts";
import { type Answer, type AnswerValue, RecordingView } from "./recording-view.ts";

/** What a strategy asked about one candle, and what it made of the answers. */
export interface Observation {
  readonly answers: readonly Answer[];
  readonly isSignal: boolean;
  /** The decision in words, or the error that the strategy threw instead. */
  readonly decision: string;
}

/** Where two observations of one candle part. */
export interface Difference {
  /** The question whose answer changed, as written in code, or "decision". */
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

/** Asks a strategy, with its default parameters, about candle `i`. */
export function observe(strategy: Strategy, study: Study, i: number): Observation {
  const view = new RecordingView(study.at(i));
  try {
    const decision = strategy.decide(view, strategy.defaults);
    return { answers: view.answers, isSignal: decision.kind === "signal", decision: decisionText(decision) };
  } catch (error) {
    // A strategy that fails on some candles is a finding like any other, if it does not fail on them always.
    return { answers: view.answers, isSignal: false, decision: `an error: ${String(error)}` };
  }
}

/** An indicator that differs by less than this fraction is the same: rounding in another order. */
const SAME = 1e-9;

/**
 * The first answer that is another one, or the decision when it changed though every answer was the same; null when
 * nothing changed.
 * @param factor what prices were multiplied by between the two.
 */
export function firstDifference(expected: Observation, found: Observation, factor = 1): Difference | null {
  for (const [k, before] of expected.answers.entries()) {
    const after = found.answers[k];
    // Asked for something else although all answers were the same: the decision below tells, if it matters.
    if (after === undefined || after.question !== before.question) break;
    if (!isSame(scaled(before, factor), after.value)) {
      return { what: before.question, expected: shown(scaled(before, factor)), found: shown(after.value) };
    }
  }
  if (expected.decision === found.decision) return null;
  return { what: "decision", expected: expected.decision, found: found.decision };
}

function scaled(answer: Answer, factor: number): AnswerValue {
  return answer.isPrice && typeof answer.value === "number" ? answer.value * factor : answer.value;
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
