import type { Browser, Locator } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backtest } from "#libs/backtest/backtest.ts";
import type { Trade } from "#libs/backtest/engine/trade.ts";
import { buyAndHold } from "#libs/backtest/statistics/buy-and-hold.ts";
import { statisticsOf } from "#libs/backtest/statistics/statistics.ts";
import { DEFAULT_TRADE_RULES } from "#libs/trading/trade-rules.ts";
import { makeReportData, type ReportInput } from "#services/cli/backtest/report/make-report-data.ts";
import { reportPage } from "#services/cli/backtest/report/report-page.ts";
import { chromiumInstalled, NO_CHROMIUM, startChromium } from "#test/support/chromium.ts";
import { eventually } from "#test/support/eventually.ts";
import { madeInput } from "#test/support/factories/study-inputs.ts";
import { type OpenedReport, type OpeningOptions, openReport } from "#test/support/opened-report.ts";

const STUDY = madeInput({ timeframe: "5m", length: 60_000 });
const RESULT = backtest(STUDY);
const INPUT: ReportInput = {
  study: STUDY,
  result: RESULT,
  rules: DEFAULT_TRADE_RULES,
  sources: ["Candles made for a test."],
  writtenAtMs: Date.UTC(2026, 0, 2, 3, 4),
  significance: {
    hold: buyAndHold(STUDY.candles, STUDY.funding, DEFAULT_TRADE_RULES),
    statistics: Object.fromEntries(
      Object.entries(RESULT.strategies).map(([name, { trades }]) => [name, statisticsOf(trades)]),
    ),
  },
};
/** The page opens on the strategy that did best. */
const BEST = strategyOf(RESULT.bestStrategy);
const OTHER = Object.keys(RESULT.strategies).find((name) => name !== RESULT.bestStrategy) ?? "";

function strategyOf(name: string) {
  const strategy = RESULT.strategies[name];
  if (strategy === undefined) throw new Error(`no strategy ${name} in the made backtest`);
  return strategy;
}

function tradeAt(trades: readonly Trade[], index: number): Trade {
  const trade = trades.at(index);
  if (trade === undefined) throw new Error(`no trade ${index} in the made backtest`);
  return trade;
}

const time = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 16).replace("T", " ");
/** A number of the page: its minus is a real one, its thousands have commas. */
const numberIn = (text: string): number => Number(text.replaceAll("−", "-").replaceAll(/[^-\d.]/g, ""));
const cents = (amount: number): number => Math.round(amount * 100) / 100;

describe("the data of the report's page", () => {
  const data = makeReportData(INPUT);

  it("has every trade of every strategy with the values of the backtest", () => {
    for (const { name, figures, trades } of data.strategies) {
      const expected = strategyOf(name);
      expect(figures).toEqual(expected.figures);
      expect(trades.filter(({ exit }) => exit !== null)).toHaveLength(expected.trades.length);
      for (const [k, trade] of expected.trades.entries()) {
        const { exit, worth: _worth, swings: _, ...entry } = trades[k] ?? expect.fail("a trade is missing");
        expect({
          ...entry,
          exitMs: exit?.timeMs,
          exitPrice: exit?.price,
          exitReason: exit?.reason,
          gross: exit?.gross,
          fees: exit?.fees,
          funding: exit?.funding,
          net: exit?.net,
        }).toEqual(trade);
      }
    }
    expect(BEST.trades.length).toBeGreaterThan(20);
  });

  const WORTH = { closedMs: 1, price: 2, gross: 4, fees: 1, funding: 0, net: 3 };

  it("lists a position that is still open last, without an exit", () => {
    const { exitMs: _, ...open } = tradeAt(BEST.trades, 0);
    const strategies = {
      ...RESULT.strategies,
      [RESULT.bestStrategy]: { ...BEST, openTrade: open, openWorth: WORTH },
    };
    const reported = makeReportData({ ...INPUT, result: { ...RESULT, strategies } }).strategies.find(
      ({ name }) => name === RESULT.bestStrategy,
    );
    expect(reported?.trades).toHaveLength(BEST.trades.length + 1);
    expect(reported?.trades.at(-1)).toMatchObject({
      exit: null,
      worth: { timeMs: WORTH.closedMs, price: WORTH.price, net: WORTH.net },
      liquidationPrice: open.liquidationPrice,
    });
    expect(reported?.trades.slice(0, -1).every(({ worth }) => worth === null)).toBe(true);
  });

  it("leaves out candles that only warmed the indicators up", () => {
    const firstIndex = 1000;
    const result = backtest(STUDY, { firstIndex });
    const { series, fromMs } = makeReportData({ ...INPUT, result });
    expect(series.segments.map(({ startMs, count }) => [startMs, count])).toEqual([
      [fromMs, STUDY.candles.length - firstIndex],
    ]);
  });
});

describe.skipIf(!chromiumInstalled())(`the report's page (${NO_CHROMIUM})`, () => {
  let browser: Browser;
  let report: OpenedReport;

  beforeAll(async () => {
    browser = await startChromium();
    report = await openReport(browser, await reportPage(INPUT));
    await allRows(report, BEST.trades.length);
  });

  afterAll(async () => {
    await report?.close();
    await browser?.close();
  });

  async function withReport(
    input: ReportInput,
    options: OpeningOptions,
    test: (opened: OpenedReport) => Promise<void>,
  ): Promise<void> {
    const opened = await openReport(browser, await reportPage(input), options);
    try {
      await test(opened);
      expect(opened.complaints).toEqual([]);
    } finally {
      await opened.close();
    }
  }

  const rows = ({ page }: OpenedReport): Locator => page.locator(".trades tbody tr");
  const row = ({ page }: OpenedReport, number: number): Locator =>
    page.locator(`.trades tr[data-number="${number}"]`);
  const field = ({ page }: OpenedReport, name: string): Promise<string> =>
    partsOf(page.locator(`.trade [data-field="${name}"] dd`));
  /** The texts of an element's children, with spaces between. */
  const partsOf = (one: Locator): Promise<string> =>
    one.evaluate((element) => [...element.childNodes].map((node) => node.textContent ?? "").join(" "));
  const selected = async ({ page }: OpenedReport): Promise<string | null> => {
    const current = page.locator('.trades [aria-current="true"]');
    return (await current.count()) === 0 ? null : current.getAttribute("data-number");
  };

  /** The list makes its rows a few at a time. */
  async function allRows(opened: OpenedReport, count: number): Promise<void> {
    await eventually(`a list of ${count} trades`, async () => (await rows(opened).count()) === count);
  }

  /** The times (ms) that the chart shows at its left and right edge, read off its crosshair. */
  async function shownTimes(opened: OpenedReport): Promise<readonly [number, number]> {
    const box = await opened.page.locator(".price").boundingBox();
    if (box === null) throw new Error("the chart is not on the page");
    const timeAt = async (x: number): Promise<number> => {
      await opened.page.mouse.move(box.x + x, box.y + box.height / 3);
      const legend = opened.page.locator(".legend");
      const text = await eventually("a candle under the crosshair", () => legend.textContent());
      return Date.parse(`${text.slice(0, 16)}Z`);
    };
    return [await timeAt(12), await timeAt(box.width - 110)];
  }

  it("opens from the disk without a message, an error or a request", () => {
    expect(report.complaints).toEqual([]);
  });

  it("shows the figures of each strategy", async () => {
    const shown = async (title: string): Promise<string[]> =>
      report.page.locator(`tr[data-figure="${title}"] td`).allInnerTexts();
    const figures = Object.values(RESULT.strategies).map((strategy) => strategy.figures);
    const rounded = (digits: number) => (value: number | null) => Number(value?.toFixed(digits));
    expect((await shown("Trades")).map(numberIn)).toEqual(figures.map((f) => f.totalTrades));
    expect((await shown("PnL")).map(numberIn)).toEqual(figures.map((f) => rounded(2)(f.totalPnl)));
    expect((await shown("Win rate")).map(numberIn)).toEqual(figures.map((f) => rounded(1)(f.winRate)));
    expect((await shown("Profit factor")).map(numberIn)).toEqual(
      figures.map((f) => rounded(2)(f.profitFactor)),
    );
    expect((await shown("Max drawdown")).map(numberIn)).toEqual(
      figures.map((f) => rounded(2)(f.maxDrawdown)),
    );
    expect((await shown("Fees")).map(numberIn)).toEqual(figures.map((f) => rounded(2)(f.fees)));
    expect((await shown("Funding")).map(numberIn)).toEqual(figures.map((f) => rounded(2)(f.funding)));
    expect((await shown("Skipped entries")).map(numberIn)).toEqual(figures.map((f) => f.skippedEntries));
  });

  it("shows how much of each result may be chance, and what holding would have given", async () => {
    const shown = async (title: string): Promise<string[]> =>
      report.page.locator(`tr[data-figure="${title}"] td`).allInnerTexts();
    const statistics = Object.values(INPUT.significance?.statistics ?? {});
    expect((await shown("Mean trade, p-value")).map(numberIn)).toEqual(
      statistics.map(({ meanTradePValue }) => Number(meanTradePValue?.toFixed(3))),
    );
    expect((await shown("Deflated Sharpe (DSR)")).map(numberIn)).toEqual(
      statistics.map(({ deflatedSharpe }) => Number(((deflatedSharpe ?? 0) * 100).toFixed(1))),
    );
    expect((await shown("Win rate (95 % CI)")).map((text) => text.split(" to ").map(numberIn))).toEqual(
      statistics.map(({ winRateInterval }) => [
        Number(winRateInterval?.low.toFixed(1)),
        Number(winRateInterval?.high.toFixed(1)),
      ]),
    );
    expect((await shown("Stop and target at once")).map(numberIn)).toEqual(
      Object.values(RESULT.strategies).map(({ ambiguity }) => ambiguity.trades),
    );
    const [hold] = await shown("Buy and hold");
    expect(numberIn(hold?.split(" ")[0] ?? "")).toBe(cents(INPUT.significance?.hold?.usdt ?? 0));
  });

  it("lists every trade with its entry, side and net result", async () => {
    const cells = await rows(report).allInnerTexts();
    expect(cells.map((text) => text.split("\t").map((cell) => cell.trim()))).toEqual(
      BEST.trades.map((trade, k) => [
        `${k + 1}`,
        time(trade.entryMs),
        trade.side,
        `${trade.confidence}`,
        { stop_loss: "stop", take_profit: "target", liquidation: "liquidation" }[trade.exitReason],
        `${trade.net < 0 ? "−" : "+"}$${Math.abs(trade.net).toFixed(2)}`,
      ]),
    );
  });

  it("adds the months up to the total", async () => {
    const nets = await report.page
      .locator(".months tbody td:last-child")
      .evaluateAll((found) => found.map((cell) => cell.firstChild?.nodeValue ?? ""));
    expect(nets.map(numberIn).reduce((sum, net) => sum + net, 0)).toBeCloseTo(BEST.figures.totalPnl, 1);
  });

  it("states the rules and costs, the zone of time, and that it promises nothing", async () => {
    const text = await report.page.locator(".notes").textContent();
    for (const part of ["margin $100", "leverage 10", "0.055 %", "0.01 %", "UTC", "not a promise"]) {
      expect(text).toContain(part);
    }
    expect(text).toContain("Candles made for a test.");
    expect(text).toContain(`All ${STUDY.candles.length.toLocaleString("en")} candles are in this page.`);
  });

  it("keeps the chart library's notice, link and licence", async () => {
    expect(await report.page.locator('.licence a[href="https://www.tradingview.com/"]').count()).toBe(1);
    expect(await report.page.locator("#tv-attr-logo").count()).toBe(1);
    expect(await report.page.locator(".licence pre").textContent()).toContain("Apache License");
  });

  it("shows a clicked trade in the chart, with its numbers", async () => {
    const whole = await shownTimes(report);
    expect(whole[1] - whole[0]).toBeGreaterThan(0.9 * (RESULT.toMs - RESULT.fromMs));

    const number = 12;
    const trade = tradeAt(BEST.trades, number - 1);
    await row(report, number).click();
    expect(await selected(report)).toBe(`${number}`);
    expect(await report.page.locator(".trade-title").textContent()).toContain(`Trade ${number}`);
    expect(await field(report, "Signal")).toBe(time(trade.signalMs));
    expect(await field(report, "Confidence")).toBe(`${trade.confidence}`);
    const price = (value: number): number => Number(value.toPrecision(8));
    expect(numberIn(await field(report, "Entry"))).toBe(price(trade.entryPrice));
    expect(numberIn(await field(report, "Fill"))).toBe(price(trade.fillPrice));
    expect(await field(report, "Stop")).toMatch(`${price(trade.stopLoss)} `);
    expect(await field(report, "Target")).toMatch(`${price(trade.takeProfit)} `);
    expect(await field(report, "Exit")).toMatch(`${price(trade.exitPrice)} `);
    expect(await field(report, "Exit at")).toBe(time(trade.exitMs));
    expect(numberIn(await field(report, "Gross"))).toBe(cents(trade.gross));
    expect(numberIn(await field(report, "Fees"))).toBe(cents(-trade.fees));
    expect(numberIn(await field(report, "Funding"))).toBe(cents(trade.funding));
    expect(numberIn((await field(report, "Net")).split(" ")[0] ?? "")).toBe(cents(trade.net));
    expect(await report.page.locator(".trade .reasons li").allInnerTexts()).toEqual(trade.reasons);
    expect(await report.page.locator(".price").getAttribute("aria-label")).toContain(`Trade ${number} of`);

    const [from, to] = await shownTimes(report);
    expect(from).toBeLessThan(trade.signalMs);
    expect(to).toBeGreaterThan(trade.exitMs);
    expect(to - from).toBeLessThan((whole[1] - whole[0]) / 5);
    expect(await report.page.locator(".interval").textContent()).toBe("5 m candles, UTC");
    expect(report.complaints).toEqual([]);
  });

  it("draws the trade, the zones and the levels, each of them when asked", async () => {
    const { page } = report;
    await row(report, 14).click();
    const picture = (): Promise<Buffer> => page.locator(".price").screenshot();
    const changed = async (what: string, before: Buffer): Promise<Buffer> =>
      eventually(what, async () => {
        const now = await picture();
        return now.equals(before) ? null : now;
      });
    const drawn = await picture();
    await page.getByLabel("Zones").uncheck();
    const bare = await changed("a chart without zones", drawn);
    await page.getByLabel("Levels").check();
    const levels = await changed("a chart with levels", bare);
    await page.getByLabel("Levels").uncheck();
    await page.getByLabel("Zones").check();
    await changed("a chart with zones again", levels);
    expect(report.complaints).toEqual([]);
  });

  it("shows longer candles from further away, and the traded ones from near", async () => {
    const { page } = report;
    await row(report, 16).click();
    const interval = (): Promise<string | null> => page.locator(".interval").textContent();
    const box = await page.locator(".price").boundingBox();
    if (box === null) throw new Error("the chart is not on the page");
    const turnWheel = async (distance: number): Promise<void> => {
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      for (let k = 0; k < 40; k++) await page.mouse.wheel(0, distance);
    };
    expect(await interval()).toBe("5 m candles, UTC");
    await turnWheel(200);
    await eventually("longer candles", async () => (await interval()) !== "5 m candles, UTC");
    await turnWheel(-200);
    await eventually("the candles that were traded", async () => (await interval()) === "5 m candles, UTC");
    expect(report.complaints).toEqual([]);
  });

  it("walks through the trades with the arrow keys, and back to the whole period with Escape", async () => {
    const { keyboard } = report.page;
    await row(report, 3).click();
    await keyboard.press("ArrowRight");
    expect(await selected(report)).toBe("4");
    await keyboard.press("ArrowDown");
    expect(await selected(report)).toBe("5");
    await keyboard.press("ArrowLeft");
    await keyboard.press("ArrowLeft");
    expect(await selected(report)).toBe("3");
    await keyboard.press("Escape");
    expect(await selected(report)).toBeNull();
    expect(report.complaints).toEqual([]);
  });

  it("finds the trade under a click in the chart, and on the curve", async () => {
    const { page } = report;
    await page.keyboard.press("Escape");
    const box = await page.locator(".equity").boundingBox();
    if (box === null) throw new Error("the curve is not on the page");
    await page.mouse.click(box.x + box.width - 120, box.y + 40);
    const late = Number(await selected(report));
    expect(late).toBeGreaterThan(BEST.trades.length / 2);
    // Two hours before the shown trade's signal there is no other trade in every market, but its middle is its own.
    await row(report, 9).click();
    const trade = tradeAt(BEST.trades, 8);
    const chart = await page.locator(".price").boundingBox();
    if (chart === null) throw new Error("the chart is not on the page");
    const [from, to] = await shownTimes(report);
    const middle = (trade.signalMs + trade.exitMs) / 2;
    const x = 12 + ((middle - from) / (to - from)) * (chart.width - 122);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowLeft");
    await page.mouse.click(chart.x + x, chart.y + chart.height / 3);
    expect(await selected(report)).toBe("9");
  });

  it("sorts and filters the list, and walks in that order", async () => {
    const { page } = report;
    await page.locator(".list select").selectOption({ label: "losers" });
    const losers = BEST.trades.filter(({ net }) => !(net > 0)).length;
    await allRows(report, losers);
    await page.getByRole("button", { name: "Net" }).click();
    await page.getByRole("button", { name: "Net" }).click();
    expect(await page.locator("th", { hasText: "Net" }).getAttribute("aria-sort")).toBe("ascending");
    await allRows(report, losers);
    const nets = (await page.locator(".trades tbody td:last-child").allInnerTexts()).map(numberIn);
    expect(nets).toEqual(nets.toSorted((a, b) => a - b));
    await page.keyboard.press("Escape");
    await page.keyboard.press("ArrowRight");
    expect(await selected(report)).toBe(await rows(report).first().getAttribute("data-number"));
    await page.locator(".list select").selectOption({ label: "all trades" });
    await page.getByRole("button", { name: "#" }).click();
    await allRows(report, BEST.trades.length);
  });

  it("shows another strategy behind its tab", async () => {
    const { page } = report;
    await page.getByRole("tab", { name: RESULT.bestStrategy }).focus();
    await page.keyboard.press(Object.keys(RESULT.strategies)[0] === OTHER ? "ArrowLeft" : "ArrowRight");
    expect(await page.getByRole("tab", { name: OTHER }).getAttribute("aria-selected")).toBe("true");
    const { trades, openTrade } = strategyOf(OTHER);
    await allRows(report, trades.length + (openTrade === null ? 0 : 1));
    const [pnl] = (await partsOf(page.locator(".tile dd").first())).split(" ");
    expect(numberIn(pnl ?? "")).toBe(cents(strategyOf(OTHER).figures.totalPnl));
    await page.getByRole("tab", { name: RESULT.bestStrategy }).click();
    await allRows(report, BEST.trades.length);
    expect(report.complaints).toEqual([]);
  });

  it("finds a trade again by its address", async () => {
    await report.page.goto(`${report.url}#${RESULT.bestStrategy}/7`);
    await eventually("trade 7", async () => (await selected(report)) === "7");
  });

  it("has other colours for the dark", async () => {
    const background = (): Promise<unknown> =>
      report.page.evaluate("getComputedStyle(document.body).backgroundColor");
    const light = await background();
    const pixels = await report.page.locator(".price").screenshot();
    await report.page.emulateMedia({ colorScheme: "dark" });
    expect(await background()).not.toBe(light);
    await eventually(
      "another picture",
      async () => !(await report.page.locator(".price").screenshot()).equals(pixels),
    );
    await report.page.emulateMedia({ colorScheme: "light" });
    expect(report.complaints).toEqual([]);
  });

  it("goes to paper with every trade and without a complaint", async () => {
    const paper = await report.page.pdf({ format: "A4" });
    expect(paper.length).toBeGreaterThan(20_000);
    expect(report.complaints).toEqual([]);
  });

  it("shows data as text, whatever it says", async () => {
    const evil = `</script><script>alert(1)</script><img src=x onerror="alert(2)">&amp;`;
    const trades = BEST.trades.map((trade) => ({ ...trade, reasons: [evil] }));
    const result = {
      ...RESULT,
      strategies: { ...RESULT.strategies, [RESULT.bestStrategy]: { ...BEST, trades } },
    };
    const study = { ...STUDY, symbol: evil };
    await withReport({ ...INPUT, study, result, sources: [evil] }, {}, async (opened) => {
      await row(opened, 1).click();
      expect(await opened.page.locator(".trade .reasons li").allInnerTexts()).toEqual([evil]);
      expect(await opened.page.locator("h1").textContent()).toContain(evil);
      expect(await opened.page.title()).toContain(evil);
      expect(await opened.page.locator(".notes").textContent()).toContain(evil);
    });
  });

  it("says that it was thinned, and shows a trade in the candles that were traded all the same", async () => {
    const limits = { candles: 9000, overview: 300 };
    await withReport({ ...INPUT, limits }, {}, async (opened) => {
      expect(await opened.page.locator(".notice").textContent()).toContain(
        `Thinned: of ${STUDY.candles.length.toLocaleString("en")} candles of 5 m`,
      );
      await row(opened, BEST.trades.length).click();
      expect(await opened.page.locator(".interval").textContent()).toBe("5 m candles, UTC");
      const trade = tradeAt(BEST.trades, -1);
      const [from, to] = await shownTimes(opened);
      expect(from).toBeLessThan(trade.signalMs);
      expect(to).toBeGreaterThanOrEqual(trade.entryMs);
    });
  });

  it("fits a telephone: nothing sideways, and a trade chosen in the list is seen", async () => {
    await withReport(INPUT, { width: 390, height: 900, colorScheme: "dark" }, async ({ page }) => {
      await page.locator(".trades tbody tr").nth(1).click();
      const chart = await page.locator(".price").boundingBox();
      expect(chart?.y).toBeGreaterThanOrEqual(0);
      expect((chart?.y ?? 0) + (chart?.height ?? 0)).toBeLessThanOrEqual(900);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
      const panel = await page.locator(".numbers").boundingBox();
      for (const value of await page.locator(".numbers dd").all()) {
        const box = await value.boundingBox();
        expect((box?.x ?? 0) + (box?.width ?? 391)).toBeLessThanOrEqual(
          (panel?.x ?? 0) + (panel?.width ?? 0) + 0.5,
        );
      }
    });
  });

  it("says so when no strategy has traded", async () => {
    const short = madeInput({ timeframe: "5m", length: 400 });
    const result = backtest(short);
    expect(result.bestStrategy).toBe("NONE");
    await withReport({ ...INPUT, study: short, result }, {}, async ({ page }) => {
      const pnl = page.locator(".tile dd").first();
      expect(await pnl.textContent()).toContain("$0.00");
      expect(await pnl.getAttribute("class")).not.toContain("loss");
      expect(await page.locator(".trade").textContent()).toContain("has not traded in this window");
      await page.keyboard.press("ArrowRight");
      expect(await page.locator(".trades tbody tr").count()).toBe(0);
    });
  });
});
