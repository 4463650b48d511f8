import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";

/** A page opened from the disk, and what it did that it should not. */
export interface OpenedReport {
  readonly page: Page;
  readonly url: string;
  /** Messages of the console, errors of scripts, and requests for anything but the file itself. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

export interface OpeningOptions {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: "light" | "dark";
}

/** Writes a page into a folder of its own and opens it. */
export async function openReport(
  browser: Browser,
  html: string,
  options: OpeningOptions = {},
): Promise<OpenedReport> {
  const { width = 1400, height = 900, colorScheme = "light" } = options;
  const folder = await mkdtemp(path.join(tmpdir(), "report-"));
  const file = path.join(folder, "report.html");
  await writeFile(file, html);
  const url = pathToFileURL(file).href;
  const page = await browser.newPage({ viewport: { width, height }, colorScheme });
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(`console ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    const asked = request.url();
    if (asked.split("#")[0] !== url && !asked.startsWith("data:")) complaints.push(`request: ${asked}`);
  });
  await page.goto(url);
  return {
    page,
    url,
    complaints,
    close: async () => {
      await page.close();
      await rm(folder, { recursive: true });
    },
  };
}
