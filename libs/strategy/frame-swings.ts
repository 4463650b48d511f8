import { openTimeMs } from "#libs/candles/candles.ts";
import { FRAMES, type Frame, frameWindow } from "./frames.ts";
import type { Swing } from "./indicators/swing.ts";
import { SwingWindow } from "./indicators/swing-window.ts";
import { frameSeries, type StudyInput } from "./study.ts";

/** The leg of one Fibonacci frame at one moment: its levels are the retracements between these prices. */
export interface FrameSwing extends Swing {
  readonly frame: Frame;
}

/**
 * What the Fibonacci frames showed when a candle had closed: the legs that strategies decide by, for people to
 * look at. Cheapest when asked in the order of time.
 */
export class FrameSwings {
  readonly #input: StudyInput;
  readonly #windows: readonly { readonly frame: Frame; readonly window: SwingWindow }[];

  constructor(input: StudyInput) {
    this.#input = input;
    this.#windows = FRAMES.flatMap((frame) => {
      const series = frameSeries(input, frame);
      if (series === null) return [];
      return [{ frame, window: new SwingWindow(series, frameWindow(frame, input.timeframe)) }];
    });
  }

  /**
   * The frames that have a full window when candle `i` has closed.
   * @throws RangeError when there is no such candle.
   */
  at(i: number): readonly FrameSwing[] {
    const { candles } = this.#input;
    if (!(i >= 0 && i < candles.length)) {
      throw new RangeError(`no candle ${i} in a series of ${candles.length}`);
    }
    const closedAtMs = openTimeMs(candles, i + 1);
    return this.#windows.flatMap(({ frame, window }) => {
      window.moveTo(closedAtMs);
      if (!window.present) return [];
      return [{ frame, present: true, high: window.high, low: window.low, up: window.up }];
    });
  }
}
