import { describe, expect, it } from "vitest";
import { MarketError } from "#libs/market/market-error.ts";
import { StoreError } from "#libs/store/store-error.ts";
import { scannerConfig } from "#services/scanner/config.ts";
import { withRunRetry } from "#services/shared/with-run-retry.ts";
import { capturedLogger } from "#test/support/captured-logger.ts";

function attempt(errors: readonly Error[], stopping = new AbortController().signal) {
  const { logger, text } = capturedLogger();
  let calls = 0;
  const outcome = withRunRetry({ logger, stopping }, async () => {
    const error = errors[calls++];
    if (error !== undefined) throw error;
    return "done";
  });
  return { outcome, calls: () => calls, text };
}

describe("work that nobody brings back", () => {
  it("is tried again when the database was away", async () => {
    const { outcome, calls } = attempt([new StoreError("reading failed")]);
    expect(await outcome).toBe("done");
    expect(calls()).toBe(2);
  });

  it("waits for the end of a ban, as long as that is", async () => {
    const banned = new MarketError("banned", "access too frequent", { retryAfterMs: 20 });
    const { outcome, calls } = attempt([banned]);
    expect(await outcome).toBe("done");
    expect(calls()).toBe(2);
  });

  it("is not tried again when the exchange refuses it", async () => {
    const { outcome, calls } = attempt([new MarketError("rejected", "no such parameter")]);
    await expect(outcome).rejects.toThrow("no such parameter");
    expect(calls()).toBe(1);
  });

  it("is given up at once when the service is told to stop", async () => {
    const stop = new AbortController();
    const { outcome, calls } = attempt([new StoreError("reading failed")], stop.signal);
    stop.abort(new Error("stopped"));
    await expect(outcome).rejects.toThrow("stopped");
    expect(calls()).toBeLessThan(2);
  });
});

describe("the scanner's configuration", () => {
  it("refuses filters that no coin can pass", () => {
    expect(() => scannerConfig({ MIN_VOLATILITY: "20", MAX_VOLATILITY: "10" })).toThrow(
      /MIN_VOLATILITY: 20 is above MAX_VOLATILITY \(10\)/,
    );
  });
});
