import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const EXECUTABLE = "/usr/bin/chromium";

/** Why a test in a browser was skipped. */
export const NO_CHROMIUM = `needs Chromium at ${EXECUTABLE} (Debian: apt-get install chromium)`;

/** Whether tests can open a page. With CI=true a missing browser is an error, not a reason to skip. */
export function chromiumInstalled(): boolean {
  if (existsSync(EXECUTABLE)) return true;
  if (process.env.CI === "true") throw new Error(`a test ${NO_CHROMIUM}`);
  process.stderr.write("The tests in a browser are not run: Chromium is not installed.\n");
  return false;
}

/** A headless browser that asks nobody anything by itself. The caller closes it. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
