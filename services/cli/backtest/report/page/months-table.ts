import { element } from "#libs/chart/draw/element.ts";
import { fixed, signedMoney } from "#libs/chart/format.ts";
import type { ReportData, ReportedStrategy } from "#libs/chart/report-data.ts";
import { type MonthlyResult, monthlyResults } from "../monthly-results.ts";
import { toneOf } from "./trade-panel.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A year a row, a month a column; the deeper the shade the more was won or lost. */
export function monthsTable(data: ReportData, strategy: ReportedStrategy): HTMLElement {
  const exits = strategy.trades.flatMap(({ exit }) => (exit === null ? [] : [exit]));
  const months = monthlyResults(data.fromMs, data.toMs, exits);
  const most = Math.max(...months.map(({ net }) => Math.abs(net)));
  const years = [...new Set(months.map(({ year }) => year))];
  return element(
    "table",
    { class: "months" },
    element("caption", { class: "hidden" }, "Net result of each month, by the exits of the trades"),
    element(
      "thead",
      {},
      element(
        "tr",
        {},
        element("td"),
        ...MONTHS.map((name) => element("th", { scope: "col" }, name)),
        element("th", { scope: "col" }, "Year"),
      ),
    ),
    element(
      "tbody",
      {},
      ...years.map((year) => {
        const ofYear = months.filter((month) => month.year === year);
        return element(
          "tr",
          {},
          element("th", { scope: "row" }, year),
          ...MONTHS.map((_, k) => cell(ofYear.find(({ month }) => month === k) ?? null, most)),
          cell(sum(ofYear), Number.POSITIVE_INFINITY),
        );
      }),
    ),
  );
}

function sum(months: readonly MonthlyResult[]): Omit<MonthlyResult, "year" | "month"> {
  const total = { trades: 0, wins: 0, net: 0 };
  for (const { trades, wins, net } of months) {
    total.trades += trades;
    total.wins += wins;
    total.net += net;
  }
  return total;
}

/** @param most the largest amount of any month, which gets the deepest shade */
function cell(month: Omit<MonthlyResult, "year" | "month"> | null, most: number): HTMLElement {
  if (month === null) return element("td");
  if (month.trades === 0) return element("td", { class: "muted" }, "–");
  const made = element(
    "td",
    { class: toneOf(month.net) },
    signedMoney(month.net),
    element("small", {}, `${month.trades} tr, ${fixed((month.wins * 100) / month.trades, 0, " %")}`),
  );
  const shade = Math.round((Math.abs(month.net) / most) * 28);
  made.style.setProperty("--shade", `${shade}%`);
  return made;
}
