import { readReport } from "./read-report.ts";
import { ReportPage } from "./report-page.ts";

const root = document.getElementById("report");
if (root === null) throw new Error("the page has no place for the report");
new ReportPage(root, readReport());
