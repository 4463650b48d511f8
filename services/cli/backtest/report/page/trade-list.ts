import { element } from "#libs/chart/draw/element.ts";
import { count, exitReason, fixed, moment, signedMoney } from "#libs/chart/format.ts";
import type { ReportedTrade } from "#libs/chart/report-data.ts";
import { toneOf } from "./trade-panel.ts";

/** A trade with its place in the order of time, from 1. */
export interface NumberedTrade {
  readonly number: number;
  readonly trade: ReportedTrade;
}

const FILTERS: readonly (readonly [name: string, keeps: (trade: ReportedTrade) => boolean])[] = [
  ["all trades", () => true],
  ["winners", (trade) => trade.exit !== null && trade.exit.net > 0],
  ["losers", (trade) => trade.exit !== null && !(trade.exit.net > 0)],
  ["longs", (trade) => trade.side === "LONG"],
  ["shorts", (trade) => trade.side === "SHORT"],
];

const COLUMNS: readonly (readonly [title: string, order: ((entry: NumberedTrade) => number) | null])[] = [
  ["#", ({ number }) => number],
  ["Entry, UTC", null],
  ["Side", null],
  ["Conf.", ({ trade }) => trade.confidence],
  ["Exit", null],
  ["Net", ({ trade }) => trade.exit?.net ?? 0],
];

/** Rows made at a time, so that thousands of trades do not hold up the first look. */
const ROWS_AT_ONCE = 150;

/** The trades of a strategy, to be sorted, filtered and walked through with the arrow keys. */
export class TradeList {
  readonly element: HTMLElement;
  readonly #body = element("tbody");
  readonly #scroller: HTMLElement;
  readonly #filter: HTMLSelectElement;
  readonly #summary = element("span", { class: "muted", role: "status" });
  readonly #headers: readonly HTMLElement[];
  readonly #picked: (trade: ReportedTrade) => void;
  #all: readonly NumberedTrade[] = [];
  #listed: readonly NumberedTrade[] = [];
  #column = 0;
  #descending = false;
  #selected: ReportedTrade | null = null;
  /** Rows by trade number. */
  readonly #rows = new Map<number, HTMLTableRowElement>();
  #filling = 0;

  constructor(picked: (trade: ReportedTrade) => void) {
    this.#picked = picked;
    this.#filter = element(
      "select",
      { "aria-label": "Which trades are listed" },
      ...FILTERS.map(([name], k) => element("option", { value: k }, name)),
    );
    this.#filter.addEventListener("change", () => this.#list());
    this.#headers = COLUMNS.map(([title, order], column) => {
      if (order === null) return element("th", { scope: "col" }, title);
      const button = element("button", { type: "button", title: "Sort" }, title);
      button.addEventListener("click", () => this.#sortBy(column));
      return element("th", { scope: "col", class: title === "Conf." ? "confidence" : undefined }, button);
    });
    this.#scroller = element(
      "div",
      { class: "scroller" },
      element(
        "table",
        { class: "trades" },
        element("caption", { class: "hidden" }, "Trades. Press Enter on a trade to see it in the chart."),
        element("thead", {}, element("tr", {}, ...this.#headers)),
        this.#body,
      ),
    );
    this.#body.addEventListener("click", ({ target }) => {
      const row = target instanceof Element ? target.closest("tr") : null;
      const entry = this.#all[Number(row?.dataset.number) - 1];
      if (entry === undefined) return;
      this.#picked(entry.trade);
      // A click on a row leads the keyboard there too.
      this.focusSelected();
    });
    this.element = element(
      "section",
      { class: "panel list", "aria-label": "Trades" },
      element("div", { class: "bar" }, element("h2", {}, "Trades"), this.#summary, this.#filter),
      this.#scroller,
    );
  }

  show(trades: readonly ReportedTrade[]): void {
    this.#all = trades.map((trade, k) => ({ number: k + 1, trade }));
    this.#selected = null;
    this.#list();
  }

  select(trade: ReportedTrade | null): void {
    this.#mark(this.#selected, false);
    this.#selected = trade;
    this.#mark(trade, true);
  }

  /** The trade that is so many places further in the list as it is sorted and filtered, or null at its ends. */
  step(places: number): ReportedTrade | null {
    const now = this.#listed.findIndex(({ trade }) => trade === this.#selected);
    const next = now === -1 ? (places > 0 ? 0 : this.#listed.length - 1) : now + places;
    return this.#listed[next]?.trade ?? null;
  }

  /** Whether the keyboard is in the list, where up and down mean trades and not the page. */
  holdsFocus(): boolean {
    return this.#scroller.contains(document.activeElement);
  }

  focusSelected(): void {
    this.#rowOf(this.#selected)?.querySelector("button")?.focus({ preventScroll: true });
  }

  /** Makes every row at once, for paper. */
  complete(): void {
    cancelAnimationFrame(this.#filling);
    this.#appendFrom(this.#rows.size, this.#listed.length);
  }

  #sortBy(column: number): void {
    this.#descending = this.#column === column ? !this.#descending : column !== 0;
    this.#column = column;
    this.#list();
  }

  #list(): void {
    const keeps = FILTERS[Number(this.#filter.value)]?.[1] ?? (() => true);
    const order = COLUMNS[this.#column]?.[1] ?? (({ number }: NumberedTrade) => number);
    const sign = this.#descending ? -1 : 1;
    this.#listed = this.#all
      .filter(({ trade }) => keeps(trade))
      .sort((a, b) => sign * (order(a) - order(b)) || a.number - b.number);
    for (const [k, header] of this.#headers.entries()) {
      if (COLUMNS[k]?.[1] === null) continue;
      const state = k !== this.#column ? "none" : this.#descending ? "descending" : "ascending";
      header.setAttribute("aria-sort", state);
    }
    this.#summary.textContent =
      this.#listed.length === this.#all.length
        ? count(this.#all.length)
        : `${count(this.#listed.length)} of ${count(this.#all.length)}`;
    this.#rows.clear();
    this.#body.replaceChildren();
    this.#scroller.scrollTop = 0;
    cancelAnimationFrame(this.#filling);
    this.#fillFrom(0);
  }

  #fillFrom(first: number): void {
    this.#appendFrom(first, first + ROWS_AT_ONCE);
    if (first + ROWS_AT_ONCE < this.#listed.length) {
      this.#filling = requestAnimationFrame(() => this.#fillFrom(this.#rows.size));
    }
  }

  #appendFrom(first: number, end: number): void {
    const entries = this.#listed.slice(first, end);
    const made = entries.map((entry) => {
      const row = rowOf(entry);
      this.#rows.set(entry.number, row);
      return row;
    });
    this.#body.append(...made);
    if (this.#selected === null) this.#body.querySelector("button")?.setAttribute("tabindex", "0");
    else if (entries.some(({ trade }) => trade === this.#selected)) this.#mark(this.#selected, true);
  }

  #rowOf(trade: ReportedTrade | null): HTMLTableRowElement | undefined {
    const number = this.#all.find((entry) => entry.trade === trade)?.number;
    return number === undefined ? undefined : this.#rows.get(number);
  }

  /** One row at a time can be reached with Tab: the selected one; the others with the arrow keys. */
  #mark(trade: ReportedTrade | null, on: boolean): void {
    const row = this.#rowOf(trade);
    if (row === undefined) return;
    row.classList.toggle("selected", on);
    if (on) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
    if (on) this.#body.querySelector('button[tabindex="0"]')?.setAttribute("tabindex", "-1");
    row.querySelector("button")?.setAttribute("tabindex", on ? "0" : "-1");
    if (on) this.#reveal(row);
  }

  /** Scrolls the list alone: `scrollIntoView` would move the page too. */
  #reveal(row: HTMLTableRowElement): void {
    const room = this.#scroller.getBoundingClientRect();
    const { top, bottom, height } = row.getBoundingClientRect();
    if (top < room.top + 2 * height) this.#scroller.scrollTop -= room.top + 2 * height - top;
    else if (bottom > room.bottom - height) this.#scroller.scrollTop += bottom - room.bottom + height;
  }
}

function rowOf({ number, trade }: NumberedTrade): HTMLTableRowElement {
  const { exit } = trade;
  return element(
    "tr",
    { "data-number": number },
    element(
      "td",
      {},
      element("button", { type: "button", tabindex: -1, "aria-label": `Show trade ${number}` }, number),
    ),
    element("td", {}, moment(trade.entryMs)),
    element("td", { class: `side ${trade.side.toLowerCase()}` }, trade.side),
    element("td", { class: "confidence" }, fixed(trade.confidence, 0)),
    element("td", {}, exit === null ? "open" : exitReason(exit.reason)),
    element("td", { class: toneOf(exit?.net ?? null) }, netText(trade)),
  );
}

/** The worth of an open trade is in brackets: it counts in no figure. */
function netText({ exit, worth }: ReportedTrade): string {
  if (exit !== null) return signedMoney(exit.net);
  return worth === null ? "–" : `(${signedMoney(worth.net)})`;
}
