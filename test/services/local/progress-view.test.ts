import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { monotonicMs } from "#libs/runtime/clock.ts";
import { emptyProgress, type Progress, renderProgress, showProgress } from "#services/local/progress-view.ts";
import { position } from "#test/support/factories/positions.ts";
import { manualClock } from "#test/support/manual-clock.ts";

const ESCAPE = "\u001b";
/** What the view sends beside text: cursor up, erase below, erase the row, first column, next row. */
const CONTROL = new RegExp(`(${ESCAPE}\\[\\d*[AJK]|\r|\n)`);
const CURSOR_UP = new RegExp(`^${ESCAPE}\\[(\\d+)A$`);

function progress(overrides: Partial<Progress> = {}): Progress {
  return { ...emptyProgress(), market: "synthetic exchange: all prices are simulated", ...overrides };
}

const lineOf = (text: string, start: string): string =>
  text.split("\n").find((line) => line.trim().startsWith(start)) ?? "";

describe("the progress view", () => {
  it("shows what is not known yet as such", () => {
    const text = renderProgress(progress());
    for (const name of ["scan", "backtests", "selected", "signals"]) {
      expect(lineOf(text, name)).toMatch(/\.\.\.$/);
    }
    expect(lineOf(text, "positions")).toMatch(/0$/);
    expect(text).toContain("starting");
    expect(text).not.toContain("DynamoDB");
  });

  it("shows how far each step has come", () => {
    const text = renderProgress(
      progress({
        clock: manualClock(Date.UTC(2026, 0, 15, 12, 0, 30)),
        endpoint: "http://127.0.0.1:8000",
        activity: "searching for entries",
        scan: { scanId: "scan-2026-01-15T12", universe: 83, selected: 30 },
        backtests: { total: 150, ended: 75, failed: 2, startedMs: monotonicMs() - 10_000 },
        selection: { judged: 200, taken: 12, refused: { trades: 100, win_rate: 88, pnl: 0 } },
        signals: { published: 12, ended: 5 },
        positions: [position({ ttl: Date.UTC(2026, 0, 15, 12, 0, 30) / 1_000 + 228 })],
      }),
    );
    expect(text).toMatch(/^crypto-backtest · 2026-01-15T12:00:30Z · .*simulated/);
    expect(lineOf(text, "scan")).toContain("12:00 UTC, 83 symbols, 30 taken");
    expect(lineOf(text, "backtests")).toMatch(/█{15}░{15} 75\/150, 2 failed, \d+ s left/);
    expect(lineOf(text, "selected")).toContain(
      "12 of 200 strategies; refused: 100 by trades, 88 by win rate",
    );
    expect(lineOf(text, "signals")).toContain("5/12 checked");
    expect(lineOf(text, "3:48  SOLUSDT")).toContain(
      "LONG  entry 151.23 stop 149.718 target 154.255 confidence 90",
    );
    expect(text).toContain("searching for entries");
    expect(lineOf(text, "DynamoDB")).toContain("http://127.0.0.1:8000");
  });

  it("shows the most frequent reasons of no entry", () => {
    const noEntry = [
      { reason: "coin trend is sideways", count: 31 },
      { reason: "BTC trends strongly against the trade", count: 4 },
      { reason: "the Bollinger band is too narrow", count: 3 },
      { reason: "never shown", count: 1 },
    ];
    const text = renderProgress(progress({ noEntry }));
    expect(text).toContain(
      "  no entry    31  coin trend is sideways\n" +
        "               4  BTC trends strongly against the trade\n" +
        "               3  the Bollinger band is too narrow\n" +
        "  positions",
    );
    expect(renderProgress(progress())).not.toContain("no entry");
  });

  it("counts down to the next run in real seconds, and the life of each position on the market's clock", () => {
    const found = position();
    const endMs = found.ttl * 1_000;
    const clock = manualClock(endMs - 228_000);
    const view = progress({
      clock,
      activity: "waiting",
      nextRun: { atMs: endMs - 168_000, speed: 10 },
      positions: [found, position({ symbol: "GONEUSDT", ttl: found.ttl - 228 })],
    });
    expect(renderProgress(view)).toContain("  waiting, 6 s left");
    expect(renderProgress(view)).toContain("    3:48  SOLUSDT");
    expect(lineOf(renderProgress(view), "positions")).toContain("positions   1,");
    expect(renderProgress(view)).not.toContain("GONEUSDT");
    clock.set(endMs);
    expect(renderProgress(view)).toContain("  waiting, 0 s left");
    expect(lineOf(renderProgress(view), "positions")).toMatch(/0$/);
  });

  it.each([
    [0, 0, "░".repeat(30)],
    [0, 150, "░".repeat(30)],
    [149, 150, "█".repeat(30)],
    [150, 150, "█".repeat(30)],
  ])("draws the bar at %i of %i", (ended, total, bar) => {
    const backtests = { total, ended, failed: 0, startedMs: monotonicMs() };
    const line = lineOf(renderProgress(progress({ backtests })), "backtests");
    expect(line).toContain(`${bar} ${ended}/${total}`);
    if (ended === 0 || ended === total) expect(line).not.toContain("left");
  });

  it("shows ten positions and how many there are beyond", () => {
    const positions = Array.from({ length: 13 }, (_, i) => position({ symbol: `COIN${i}USDT` }));
    const text = renderProgress(progress({ positions }));
    expect(text.match(/COIN\d+USDT/g)).toHaveLength(10);
    expect(text).toContain("and 3 more");
  });

  describe("on a terminal", () => {
    /** A terminal of a size that keeps what it is sent. */
    function terminal(columns: number, rows: number) {
      let sent = "";
      const stream = new Writable({
        write(chunk, _encoding, done) {
          sent += String(chunk);
          done();
        },
      });
      // The view reads nothing of a terminal but its size.
      const sized = Object.assign(stream, { columns, rows }) as unknown as NodeJS.WriteStream;
      return { stream: sized, sent: () => sent };
    }

    /** What stands on a screen after everything that was sent: rows of text. */
    function screenOf(sent: string): string[] {
      const rows: string[] = [""];
      let at = 0;
      for (const part of sent.split(CONTROL)) {
        const up = CURSOR_UP.exec(part)?.[1];
        if (up !== undefined) at = Math.max(0, at - Number(up));
        else if (part === "\u001b[0J") rows.splice(at, rows.length, "");
        else if (part === `${ESCAPE}[K`) rows[at] = "";
        else if (part === "\n") rows[++at] ??= "";
        else if (part === "\r") continue;
        else if (part !== "") rows[at] = part;
      }
      return rows.filter((row) => row !== "");
    }

    it("stands once on the screen, below the log lines, however often it is drawn", () => {
      const { stream, sent } = terminal(120, 40);
      const state = progress({ activity: "scanning" });
      const view = showProgress(state, stream);
      view.lines.write("first line\n");
      state.activity = "backtesting";
      view.lines.write("second line\n");
      view.close();
      const screen = screenOf(sent());
      expect(screen.slice(0, 2)).toEqual(["first line", "second line"]);
      expect(screen.filter((row) => row.startsWith("crypto-backtest"))).toHaveLength(1);
      expect(screen.at(-1)?.trim()).toBe("backtesting");
    });

    it("draws over itself, for a screen that is cleared goes to the scrollback of some terminals", () => {
      const { stream, sent } = terminal(120, 40);
      const view = showProgress(progress({ activity: "scanning" }), stream);
      view.lines.write("a line\n");
      const before = sent().length;
      view.close();
      const again = sent().slice(before);
      // From the first column: a terminal shows ^C where the cursor stands.
      expect(again).toMatch(new RegExp(`^\r${ESCAPE}\\[\\d+A${ESCAPE}\\[Kcrypto-backtest`));
      expect(again.split(`${ESCAPE}[0J`)).toEqual([expect.stringMatching(/\n$/), ""]);
    });

    it("never draws more than fits, where it could not be taken back", () => {
      const { stream, sent } = terminal(40, 8);
      const view = showProgress(progress({ positions: [position(), position()] }), stream);
      view.close();
      const rows = sent().split("\n").slice(0, -1);
      expect(rows.length).toBeLessThan(8);
      for (const row of rows) expect(row.replace(new RegExp(CONTROL, "g"), "").length).toBeLessThan(40);
    });
  });
});
