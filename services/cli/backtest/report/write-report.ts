import { writeFile } from "node:fs/promises";
import { InputError } from "#libs/recordings/input-error.ts";
import type { ReportInput } from "./make-report-data.ts";

/**
 * Refuses a name that could be a file of candles: a report replaces what was there.
 * @throws InputError
 */
export function assertReportName(path: string): void {
  if (/\.html?$/i.test(path)) return;
  throw new InputError(`${path}: a report is a page, give it a name that ends in .html`);
}

/**
 * Writes a backtest as a page for people.
 * @throws InputError when the file cannot be written.
 */
export async function writeReport(path: string, input: ReportInput): Promise<void> {
  // Here and not above: a backtest without a report has no use for a bundler.
  const { reportPage } = await import("./report-page.ts");
  const html = await reportPage(input);
  try {
    await writeFile(path, html);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError(`${path}: the report cannot be written: ${reason}`, { cause: error });
  }
}
