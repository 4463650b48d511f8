import { CandleSource, type Span } from "#libs/chart/draw/candle-source.ts";
import { element } from "#libs/chart/draw/element.ts";
import { EquityChart } from "#libs/chart/draw/equity-chart.ts";
import { type PointedCandle, PriceChart } from "#libs/chart/draw/price-chart.ts";
import { onThemeChange } from "#libs/chart/draw/theme.ts";
import { TradeOverlay } from "#libs/chart/draw/trade-overlay.ts";
import { count, fixed, moment, price, signedMoney } from "#libs/chart/format.ts";
import { intervalName } from "#libs/chart/interval-name.ts";
import type { ReportData, ReportedStrategy, ReportedTrade } from "#libs/chart/report-data.ts";
import { levelsOf, zonesOf } from "#libs/chart/zones-of.ts";
import type { ZoneRule } from "#libs/strategy/indicators/confluence-zones.ts";
import { figuresTable, headlines } from "./figures-table.ts";
import { monthsTable } from "./months-table.ts";
import { embeddingSentences, notes } from "./notes.ts";
import { StrategyTabs } from "./strategy-tabs.ts";
import { TradeList } from "./trade-list.ts";
import { tradePanel } from "./trade-panel.ts";

/** Candles before a signal and after an exit when a trade is shown. */
const BEFORE = 70;
const AFTER = 40;

/** The whole page: what is shown follows from the chosen strategy and the selected trade. */
export class ReportPage {
  readonly #data: ReportData;
  readonly #overlay: TradeOverlay;
  readonly #source: CandleSource;
  readonly #chart: PriceChart;
  readonly #equity: EquityChart;
  readonly #list: TradeList;
  readonly #tabs: StrategyTabs;
  readonly #priceBox = element("div", { class: "canvas price", role: "img" });
  readonly #equityBox = element("div", { class: "canvas equity", role: "img" });
  readonly #legend = element("p", { class: "legend", "aria-hidden": true });
  readonly #interval = element("span", { class: "muted interval" });
  readonly #equityNote = element("span", { class: "muted" });
  readonly #announcement = element("p", { class: "hidden", role: "status" });
  readonly #headlines = element("dl", { class: "tiles" });
  readonly #cannotTrade = element("div");
  readonly #trade = element("section", { class: "panel trade", "aria-label": "Selected trade" });
  readonly #figures = element("div", { class: "scroll" });
  readonly #months = element("div", { class: "scroll" });
  readonly #showZones = checkbox("Zones", true);
  readonly #showLevels = checkbox("Levels", false);
  #strategy: ReportedStrategy;
  #selected: ReportedTrade | null = null;

  constructor(root: HTMLElement, data: ReportData) {
    this.#data = data;
    const first = data.strategies.find(({ name }) => name === data.bestStrategy) ?? data.strategies[0];
    if (first === undefined) throw new Error("the report holds no strategy");
    this.#strategy = first;
    this.#tabs = new StrategyTabs(data.strategies, (strategy) => this.#showStrategy(strategy));
    this.#list = new TradeList((trade) => {
      this.#select(trade);
      this.#bringChartIntoView();
    });
    root.replaceChildren(...this.#layout());
    const { decimals } = data.series;
    this.#overlay = new TradeOverlay(decimals);
    this.#source = new CandleSource(data.series);
    this.#chart = new PriceChart(this.#priceBox, this.#source, decimals, this.#overlay, {
      picked: (timeMs, toleranceMs) => this.#pick(timeMs, toleranceMs),
      pointedAt: (candle) => this.#describeCandle(candle),
      shown: (intervalMs) => {
        this.#interval.textContent = `${intervalName(intervalMs)} candles, UTC`;
      },
    });
    this.#equity = new EquityChart(this.#equityBox, data, (timeMs) =>
      this.#pick(timeMs, Number.POSITIVE_INFINITY),
    );
    this.#listen();
    this.#open();
  }

  #layout(): readonly HTMLElement[] {
    const data = this.#data;
    const thinned = data.series.overview === null ? null : embeddingSentences(data).join(" ");
    const button = (text: string, title: string, press: () => void): HTMLElement => {
      const made = element("button", { type: "button", title }, text);
      made.addEventListener("click", press);
      return made;
    };
    return [
      element(
        "header",
        {},
        element(
          "div",
          {},
          element("h1", {}, data.symbol, element("span", { class: "muted" }, ` ${data.timeframe}`)),
          element(
            "p",
            { class: "muted" },
            `${count(data.candles)} candles, ${moment(data.fromMs)} to ${moment(data.toMs)} UTC`,
          ),
        ),
        this.#tabs.element,
      ),
      element(
        "main",
        { id: "strategy", role: "tabpanel", "aria-label": "Backtest" },
        this.#headlines,
        this.#cannotTrade,
        thinned === null ? null : element("p", { class: "notice" }, thinned),
        element(
          "div",
          { class: "desk" },
          element(
            "div",
            { class: "column" },
            element(
              "section",
              { class: "panel chart", "aria-label": "Candles and trades" },
              element(
                "div",
                { class: "bar" },
                button("← Previous", "Previous trade (left arrow)", () => this.#step(-1)),
                button("Next →", "Next trade (right arrow)", () => this.#step(1)),
                button("Whole period", "Show everything (Escape)", () => this.#deselect()),
                label(
                  this.#showZones,
                  "Zones",
                  "Where Fibonacci levels of two or more frames met at the signal",
                ),
                label(this.#showLevels, "Levels", "Every Fibonacci level of every frame at the signal"),
                this.#interval,
              ),
              element("div", { class: "stage" }, this.#priceBox, this.#legend),
            ),
            element(
              "section",
              { class: "panel curve", "aria-label": "Equity and drawdown" },
              element("div", { class: "bar" }, element("h2", {}, "Equity and drawdown"), this.#equityNote),
              this.#equityBox,
            ),
          ),
          element("div", { class: "column" }, this.#trade, this.#list.element),
        ),
        element(
          "section",
          { class: "panel", "aria-label": "Months" },
          element(
            "div",
            { class: "bar" },
            element("h2", {}, "Months"),
            element(
              "span",
              { class: "muted" },
              "net USDT by the exits of the trades, number of trades, share won",
            ),
          ),
          this.#months,
        ),
      ),
      element(
        "div",
        { class: "below" },
        element(
          "section",
          { class: "panel", "aria-label": "Figures" },
          element("h2", {}, "Figures"),
          this.#figures,
        ),
        notes(data),
      ),
      this.#announcement,
    ];
  }

  #listen(): void {
    for (const box of [this.#showZones, this.#showLevels]) {
      box.addEventListener("change", () => this.#drawOverlay());
    }
    document.addEventListener("keydown", (event) => this.#key(event));
    onThemeChange(() => this.#applyTheme());
    // A canvas keeps its width and colours on paper, so what is printed is a picture of it, in the colours of day.
    window.addEventListener("beforeprint", () => {
      document.documentElement.classList.add("paper");
      this.#applyTheme();
      this.#list.complete();
      picture(this.#priceBox, this.#chart.picture());
      picture(this.#equityBox, this.#equity.picture());
    });
    window.addEventListener("afterprint", () => {
      document.documentElement.classList.remove("paper");
      this.#applyTheme();
      for (const image of document.querySelectorAll(".printed")) image.remove();
    });
    window.addEventListener("hashchange", () => this.#open());
  }

  #applyTheme(): void {
    this.#chart.applyTheme();
    this.#equity.applyTheme();
  }

  /** The address may name a strategy and a trade, so that a bookmark finds them again: `#ADVANCED/12`. */
  #open(): void {
    const [name, number] = decodeURIComponent(location.hash.slice(1)).split("/");
    const strategy = this.#data.strategies.find((other) => other.name === name) ?? this.#strategy;
    this.#showStrategy(strategy);
    const trade = strategy.trades[Number(number) - 1];
    if (trade !== undefined) this.#select(trade);
  }

  #showStrategy(strategy: ReportedStrategy): void {
    this.#strategy = strategy;
    this.#tabs.select(strategy);
    this.#headlines.replaceChildren(...headlines(strategy, this.#data.isFundingKnown));
    const { cannotTrade } = strategy;
    this.#cannotTrade.replaceChildren(
      ...(cannotTrade === null
        ? []
        : [element("p", { class: "notice" }, `${strategy.name} cannot trade on this data: ${cannotTrade}.`)]),
    );
    this.#figures.replaceChildren(figuresTable(this.#data, strategy.name));
    this.#months.replaceChildren(monthsTable(this.#data, strategy));
    this.#list.show(strategy.trades);
    this.#equity.show(strategy);
    const others = this.#data.strategies.filter((other) => other !== strategy).map(({ name }) => name);
    this.#equityNote.textContent =
      others.length === 0 ? "closed trades" : `closed trades; thin: ${others.join(", ")}`;
    this.#equityBox.setAttribute(
      "aria-label",
      `Cumulated result of ${strategy.name}: ${signedMoney(strategy.figures.totalPnl)} after ` +
        `${strategy.figures.totalTrades} trades; the figures are in the table below.`,
    );
    this.#deselect();
  }

  #select(trade: ReportedTrade): void {
    this.#selected = trade;
    const number = this.#strategy.trades.indexOf(trade) + 1;
    this.#equity.mark(trade);
    this.#trade.replaceChildren(
      ...tradePanel(trade, number, zonesOf(trade, this.#rule()), this.#data.series),
    );
    // After the numbers, which take their room from the list's.
    this.#list.select(trade);
    this.#drawOverlay();
    this.#chart.show(this.#spanOf(trade));
    const sentence =
      `Trade ${number} of ${this.#strategy.trades.length}: ${trade.side} at ${price(trade.fillPrice)}, ` +
      `${moment(trade.entryMs)} UTC, ${trade.exit === null ? "still open" : `net ${signedMoney(trade.exit.net)}`}`;
    this.#announcement.textContent = sentence;
    this.#priceBox.setAttribute("aria-label", `Candles around ${sentence}`);
    this.#remember(`${this.#strategy.name}/${number}`);
  }

  /** On a small screen the list is below the chart: what was asked for there is to be seen. */
  #bringChartIntoView(): void {
    const { top, bottom, height } = this.#priceBox.getBoundingClientRect();
    const visible = Math.min(bottom, window.innerHeight) - Math.max(top, 0);
    if (visible < height * 0.7) this.#priceBox.scrollIntoView({ block: "center" });
  }

  #deselect(): void {
    this.#selected = null;
    this.#list.select(null);
    this.#equity.mark(null);
    this.#trade.replaceChildren(
      element("h2", { class: "trade-title" }, "No trade selected"),
      element(
        "p",
        { class: "muted" },
        this.#strategy.trades.length === 0
          ? `${this.#strategy.name} has not traded in this window.`
          : "Choose one in the list, in the chart or on the equity curve, or press the right arrow for the first.",
      ),
    );
    this.#drawOverlay();
    this.#chart.show({ fromMs: this.#data.fromMs, toMs: this.#data.toMs });
    this.#priceBox.setAttribute(
      "aria-label",
      `Candles of ${this.#data.symbol} over the whole window with ${this.#strategy.trades.length} trades; ` +
        "the trades are in the list.",
    );
    this.#remember(this.#strategy.name);
  }

  #step(places: number): void {
    const next = this.#list.step(places);
    if (next === null) return;
    const inList = this.#list.holdsFocus();
    this.#select(next);
    if (inList) this.#list.focusSelected();
  }

  /** The trade nearest to a moment: one that was open then is at no distance. */
  #pick(timeMs: number, toleranceMs: number): void {
    const away = ({ signalMs, exit }: ReportedTrade): number =>
      Math.max(signalMs - timeMs, timeMs - (exit?.timeMs ?? this.#data.toMs), 0);
    let nearest: ReportedTrade | null = null;
    for (const trade of this.#strategy.trades) {
      if (nearest === null || away(trade) < away(nearest)) nearest = trade;
    }
    if (nearest !== null && nearest !== this.#selected && away(nearest) <= toleranceMs) this.#select(nearest);
  }

  #key(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    if (event.target instanceof HTMLSelectElement) return;
    const inList = this.#list.holdsFocus();
    if (event.key === "ArrowRight" || (inList && event.key === "ArrowDown")) this.#step(1);
    else if (event.key === "ArrowLeft" || (inList && event.key === "ArrowUp")) this.#step(-1);
    else if (event.key === "Escape") this.#deselect();
    else return;
    event.preventDefault();
  }

  #drawOverlay(): void {
    const trade = this.#selected;
    const rule = this.#rule();
    this.#overlay.show({
      trades: this.#strategy.trades,
      selected: trade,
      zones: trade !== null && this.#showZones.checked ? zonesOf(trade, rule) : [],
      levels: trade !== null && this.#showLevels.checked ? levelsOf(trade, rule.ratios) : [],
    });
  }

  #rule(): ZoneRule {
    return this.#data.zoneRule;
  }

  #spanOf(trade: ReportedTrade): Span {
    const { intervalMs } = this.#data.series;
    const endMs = (trade.exit?.timeMs ?? this.#data.toMs - intervalMs) + intervalMs;
    const held = endMs - trade.signalMs;
    const span = {
      fromMs: trade.signalMs - Math.max(BEFORE * intervalMs, held * 0.5),
      toMs: endMs + Math.max(AFTER * intervalMs, held * 0.3),
    };
    return this.#source.within(span, { fromMs: trade.signalMs, toMs: endMs });
  }

  #describeCandle(candle: PointedCandle | null): void {
    if (candle === null) {
      this.#legend.textContent = "";
      return;
    }
    const change = (candle.close / candle.open - 1) * 100;
    this.#legend.textContent =
      `${moment(candle.timeMs)}  O ${price(candle.open)}  H ${price(candle.high)}  L ${price(candle.low)}  ` +
      `C ${price(candle.close)}  ${change > 0 ? "+" : ""}${fixed(change, 2, " %")}`;
  }

  #remember(place: string): void {
    history.replaceState(null, "", `#${encodeURIComponent(place).replace("%2F", "/")}`);
  }
}

function checkbox(name: string, checked: boolean): HTMLInputElement {
  return element("input", { type: "checkbox", name, checked });
}

function label(box: HTMLInputElement, text: string, title: string): HTMLElement {
  return element("label", { title }, box, text);
}

function picture(box: HTMLElement, source: string): void {
  box.append(element("img", { class: "printed", src: source, alt: "" }));
}
