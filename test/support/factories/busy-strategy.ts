import { noSignal } from "#libs/strategy/decision.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";

const QUIET = noSignal("quiet");

/** Signals often, either way. */
export const BUSY: Strategy = {
  name: "BUSY",
  description: "made for tests",
  defaults: {},
  decide(view) {
    const rsi = view.rsi();
    if (rsi < 45) return { kind: "signal", side: "LONG", confidence: 70, reasons: [] };
    return rsi > 55 ? { kind: "signal", side: "SHORT", confidence: 70, reasons: [] } : QUIET;
  },
};
