import { element } from "#libs/chart/draw/element.ts";
import type { ReportedStrategy } from "#libs/chart/report-data.ts";

/** One tab a strategy, with the keys that tabs have: left, right, Home, End. */
export class StrategyTabs {
  readonly element: HTMLElement;
  readonly #tabs: readonly { readonly strategy: ReportedStrategy; readonly button: HTMLButtonElement }[];

  constructor(strategies: readonly ReportedStrategy[], chosen: (strategy: ReportedStrategy) => void) {
    this.#tabs = strategies.map((strategy) => {
      const { name, description } = strategy;
      const button = element(
        "button",
        { type: "button", role: "tab", "aria-controls": "strategy", title: description },
        name,
      );
      button.addEventListener("click", () => chosen(strategy));
      return { strategy, button };
    });
    this.element = element(
      "div",
      { class: "tabs", role: "tablist", "aria-label": "Strategy" },
      ...this.#tabs.map(({ button }) => button),
    );
    this.element.addEventListener("keydown", (event) => {
      const now = this.#tabs.findIndex(({ button }) => button === document.activeElement);
      const last = this.#tabs.length - 1;
      const next = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: last }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      const tab = this.#tabs[Math.min(last, Math.max(0, next))];
      tab?.button.focus();
      tab?.button.click();
    });
  }

  select(strategy: ReportedStrategy): void {
    for (const tab of this.#tabs) {
      const on = tab.strategy === strategy;
      tab.button.setAttribute("aria-selected", `${on}`);
      tab.button.tabIndex = on ? 0 : -1;
    }
  }
}
