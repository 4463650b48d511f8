import type { Coverage, Covered } from "#libs/backtest/coverage.ts";
import { BTC_SYMBOL } from "#libs/strategy/study.ts";

/** Coverage for programs: times in ms, share from 0 to 1, null for a series that was not given. */
export function coverageJson(coverage: Coverage): Record<string, unknown> {
  const { window, btc, funding, detail, frames } = coverage;
  const covered = (part: Covered | null) =>
    part === null ? null : { from_time: part.fromMs, to_time: part.toMs, share: part.share, days: part.days };
  return {
    window: { from_time: window.fromMs, to_time: window.toMs, days: window.days },
    btc: covered(btc),
    funding: covered(funding),
    detail: covered(detail),
    frames: Object.fromEntries(Object.entries(frames).map(([name, part]) => [name, covered(part)])),
  };
}

/** What is known beside the candles and for which part of the window, one line a series. */
export function coverageLines(coverage: Coverage, symbol: string): readonly string[] {
  const { btc, funding, detail } = coverage;
  const never = Object.entries(coverage.frames)
    .filter(([, { share }]) => share === 0)
    .map(([name]) => name);
  return [
    symbol === BTC_SYMBOL
      ? `BTC: ${BTC_SYMBOL} is its own market`
      : `BTC: ${btc === null ? "not given, its trend counts as sideways" : coveredText(btc, coverage)}`,
    `Funding: ${
      funding === null
        ? "not given, sentiment counts as neutral and the cost is unknown"
        : coveredText(funding, coverage)
    }`,
    ...(detail === null ? [] : [`Detail: ${coveredText(detail, coverage)}`]),
    ...(never.length === 0
      ? []
      : [
          `Fibonacci ${never.length === 1 ? "frame" : "frames"} without a full window: ${never.join(", ")}; live has all five`,
        ]),
  ];
}

/** `31.0 of 749.0 days (4 %), 2025-05-30 16:40 to 2025-06-29 16:38 UTC`. */
function coveredText({ fromMs, toMs, share, days }: Covered, { window }: Coverage): string {
  if (fromMs === null || toMs === null) return "nothing of the window";
  const part = `${days.toFixed(1)} of ${window.days.toFixed(1)} days (${percent(share)})`;
  return share > 0.9995 ? part : `${part}, ${moment(fromMs)} to ${moment(toMs)} UTC`;
}

/** Never rounded up to the whole or down to nothing. */
function percent(share: number): string {
  const whole = Math.round(share * 100);
  if (whole === 100 && share < 0.9995) return "99 %";
  return whole === 0 && share > 0 ? "below 1 %" : `${whole} %`;
}

function moment(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 16).replace("T", " ");
}
