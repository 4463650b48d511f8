import type { CostLine } from "./cost-line.ts";
import type { Prices } from "./prices.ts";

const money = (usd: number) => `$${usd.toFixed(2)}`;

/** The lines with their sum as a Markdown table, most expensive first. */
export function costTable(lines: readonly CostLine[], prices: Prices): string {
  const sum = lines.reduce((total, line) => total + line.usd, 0);
  const rows = [...lines].sort((a, b) => b.usd - a.usd);
  return [
    "| part | what | a month |",
    "|---|---|---:|",
    ...rows.map(({ part, how, usd }) => `| ${part} | ${how} | ${money(usd)} |`),
    `| **sum** | ${prices.region}, prices of ${prices.date} | **${money(sum)}** |`,
    `| the earlier system of this kind | | ${money(prices.otherSystemMonth)} |`,
    "",
  ].join("\n");
}
