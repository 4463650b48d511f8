import type { ReportData } from "#libs/chart/report-data.ts";

/** What was backtested, from inside the page. */
export function readReport(): ReportData {
  const json = document.getElementById("data")?.textContent;
  if (json == null) throw new Error("the page holds no report");
  // Written into this very file by `reportPage`, whose type says what it is.
  return JSON.parse(json) as ReportData;
}
