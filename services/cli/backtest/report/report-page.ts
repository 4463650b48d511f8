import { createHash } from "node:crypto";
import type { ReportData } from "#libs/chart/report-data.ts";
import { bundlePage } from "./bundle-page.ts";
import { makeReportData, type ReportInput } from "./make-report-data.ts";

/**
 * A backtest as one HTML file that needs nothing else: it opens from a disk and a mail attachment, asks no server
 * for anything, and the browser is told to refuse if it did.
 */
export async function reportPage(input: ReportInput): Promise<string> {
  return pageHtml(makeReportData(input), await bundlePage());
}

interface PageParts {
  readonly script: string;
  readonly style: string;
  /** Licence text of the chart library, which has to go wherever the library goes. */
  readonly licence: string;
}

function pageHtml(data: ReportData, { script, style, licence }: PageParts): string {
  const title = escapeHtml(`${data.symbol} ${data.timeframe} backtest`);
  // Only this very script runs, whatever the data holds.
  const hash = createHash("sha256").update(script).digest("base64");
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${hash}'`,
    "style-src 'unsafe-inline'",
    "img-src data: blob:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>
${style}</style>
</head>
<body>
<noscript><p class="notice">This page draws its charts and tables with JavaScript, which is switched off here.</p></noscript>
<div id="report"></div>
<footer class="licence">
<p>Charts by <a href="https://www.tradingview.com/" rel="noreferrer">TradingView</a> Lightweight Charts™,
Copyright © TradingView, Inc., under the Apache License 2.0.</p>
<details><summary>Licence of the chart library</summary><pre>${escapeHtml(licence)}</pre></details>
</footer>
<script type="application/json" id="data">${jsonForHtml(data)}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** JSON that no text in it can end early: `<` is only ever inside a string, where it may be written as an escape. */
function jsonForHtml(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
