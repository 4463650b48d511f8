import { describe, expect, it } from "vitest";
import { SettingsError } from "#infra/config/settings.ts";
import { variablesFromContext } from "#infra/config/variables.ts";

describe("variables given as context", () => {
  it("reach the services that read them, and no others", () => {
    const variables = variablesFromContext({ MIN_WIN_RATE: "50", LEVERAGE: 5, LOG_LEVEL: "debug" });
    expect(variables).toEqual({
      scanner: { LOG_LEVEL: "debug" },
      analyzer: { LEVERAGE: "5", LOG_LEVEL: "debug" },
      selector: { MIN_WIN_RATE: "50", LOG_LEVEL: "debug" },
      finder: { LEVERAGE: "5", LOG_LEVEL: "debug" },
      executor: { LOG_LEVEL: "debug" },
    });
  });

  it("are checked with the service's own rules before anything is deployed", () => {
    expect(() => variablesFromContext({ MIN_WIN_RATE: "150" })).toThrow(/selector: .*MIN_WIN_RATE.*150/);
  });

  it("are refused when the stop is not reached before the liquidation price", () => {
    expect(() => variablesFromContext({ LEVERAGE: 100, STOP_LOSS_PERCENT: "5" })).toThrow(
      /finder: .*LEVERAGE=100, STOP_LOSS_PERCENT=5: .*highest leverage that works .* is 18\.14/,
    );
    expect(() => variablesFromContext({ LEVERAGE: 18, STOP_LOSS_PERCENT: "5" })).not.toThrow();
  });

  it("are refused when no service knows them", () => {
    expect(() => variablesFromContext({ MIN_WINRATE: "50" })).toThrow(
      "MIN_WINRATE: unknown variable, no service reads it",
    );
  });

  it.each(["RESULTS_TABLE", "RABBITMQ_HOST", "AWS_ENDPOINT_URL", "CODE_VERSION"])(
    "are refused when the stack sets them itself: %s",
    (name) => {
      expect(() => variablesFromContext({ [name]: "https://example.com" })).toThrow(SettingsError);
    },
  );

  it.each([{ LOG_LEVEL: "warn" }, { LOG_FORMAT: "pretty" }])(
    "are refused when they would silence the metrics: %j",
    (context) => {
      expect(() => variablesFromContext(context)).toThrow(/LOG_LEVEL, LOG_FORMAT: expected info/);
    },
  );
});
