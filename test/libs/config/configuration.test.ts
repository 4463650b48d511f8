import { describe, expect, it } from "vitest";
import { ConfigurationError, configuration, rabbitMqUrl } from "#libs/config/configuration.ts";
import { DEFAULT_BACKTEST_DAYS, TRADE_SETTINGS } from "#libs/config/settings.ts";
import { DEFAULT_TRADE_RULES } from "#libs/trading/trade-rules.ts";
import { analyzerConfig } from "#services/analyzer/config.ts";
import { finderConfig } from "#services/finder/config.ts";
import { localConfig } from "#services/local/config.ts";
import { scannerConfig } from "#services/scanner/config.ts";
import { selectorConfig } from "#services/selector/config.ts";
import { tradeRulesOf } from "#services/shared/trade-rules-of.ts";

describe("the configuration", () => {
  it("has a default for all that each service needs", () => {
    for (const read of [scannerConfig, analyzerConfig, selectorConfig, finderConfig]) {
      expect(() => read({})).not.toThrow();
    }
    expect(scannerConfig({})).toMatchObject({ topNCoins: 30, timeframes: ["1m", "3m", "5m", "15m", "30m"] });
    expect(selectorConfig({})).toMatchObject({ minWinRate: 45, minPnl: 100, minTrades: 20 });
    expect(analyzerConfig({}).backtestDays).toEqual({ "1m": 14, "3m": 30, "5m": 30, "15m": 60, "30m": 90 });
    expect(finderConfig({})).toMatchObject({ finderCandles: 1000, signalMaxAgeSeconds: 300, leverage: 10 });
  });

  it("takes what is set, and an empty variable for unset", () => {
    const config = configuration({ TOP_N_COINS: " 5 ", MIN_VOLATILITY: "", BACKTEST_DAYS: "1m:3, 30m:7" }, [
      "TOP_N_COINS",
      "MIN_VOLATILITY",
      "BACKTEST_DAYS",
    ]);
    expect(config).toEqual({
      topNCoins: 5,
      minVolatility: 0,
      backtestDays: { ...DEFAULT_BACKTEST_DAYS, "1m": 3, "30m": 7 },
    });
  });

  it("names every wrong variable and its value in one message", () => {
    const read = () => selectorConfig({ MIN_WIN_RATE: "high", MIN_TRADES: "2.5", LOG_LEVEL: "loud" });
    expect(read).toThrow(ConfigurationError);
    expect(read).toThrow(/MIN_WIN_RATE: .*"high".*MIN_TRADES: .*"2\.5".*LOG_LEVEL: .*"loud"/);
  });

  it.each([
    ["TOP_N_COINS", "0"],
    ["TOP_N_COINS", "0x10"],
    ["TOP_N_COINS", "Infinity"],
    ["MIN_TURNOVER_24H", "-1"],
    ["TIMEFRAMES", "1m,2m"],
    ["TIMEFRAMES", ","],
    ["BYBIT_BASE_URL", "localhost:7070"],
    ["SIMULATED_TIME", "yesterday"],
    ["RUN_EVERY_SECONDS", "1"],
  ])("refuses %s=%s", (name, value) => {
    expect(() => scannerConfig({ [name]: value })).toThrow(new RegExp(`${name}: `));
  });

  it.each(["1m", "1m:x", "2m:5", "1m:0", "1m:999"])("refuses BACKTEST_DAYS=%s", (value) => {
    expect(() => analyzerConfig({ BACKTEST_DAYS: value })).toThrow(/BACKTEST_DAYS: /);
  });

  it("does not repeat a secret in an error", () => {
    const read = () => scannerConfig({ RABBITMQ_URL: "http://user:hunter2@host", RABBITMQ_PASS: "hunter2" });
    expect(read).toThrow(/RABBITMQ_URL/);
    expect(read).not.toThrow(/hunter2/);
  });

  it.each([
    ["amqp://user:12#hunter2@host", "%23"],
    ["amqp://user:12?hunter2@host", "%3F"],
    ["amqp://user:hunter2@host/?heartbeat=5", "%3F"],
    ["amqp://user:12/hunter2@host", "%2F"],
    ["amqp://user:12#hunter2@host:5672", "%23"],
  ])("refuses a part of a password that is not encoded, without repeating it: %s", (url, remedy) => {
    let message = "";
    try {
      scannerConfig({ RABBITMQ_URL: url });
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain("RABBITMQ_URL: ");
    expect(message).toContain(remedy);
    for (const part of ["hunter2", "heartbeat"]) expect(message).not.toContain(part);
  });
});

describe("the broker's address", () => {
  const NAMES = ["RABBITMQ_URL", "RABBITMQ_HOST", "RABBITMQ_PORT", "RABBITMQ_USER", "RABBITMQ_PASS"] as const;

  it("is put together from its parts, with TLS on its port and a password of any characters", () => {
    const config = configuration(
      {
        RABBITMQ_HOST: "mq.internal",
        RABBITMQ_PORT: "5671",
        RABBITMQ_USER: "bot",
        RABBITMQ_PASS: "p@ss/w:rd",
      },
      NAMES,
    );
    expect(rabbitMqUrl(config)).toBe("amqps://bot:p%40ss%2Fw%3Ard@mq.internal:5671");
  });

  it("is RABBITMQ_URL when that is set", () => {
    expect(rabbitMqUrl(configuration({ RABBITMQ_URL: "amqp://a:b@c:1" }, NAMES))).toBe("amqp://a:b@c:1");
  });
});

describe("a stop that is not reached before the liquidation price", () => {
  const services = [
    ["analyzer", analyzerConfig],
    ["finder", finderConfig],
    ["npm start", localConfig],
  ] as const;

  it.each(services)("is refused by %s, with both values and the highest leverage that works", (_, read) => {
    const wrong = () => read({ LEVERAGE: "100", STOP_LOSS_PERCENT: "5" });
    expect(wrong).toThrow(ConfigurationError);
    expect(wrong).toThrow(
      /LEVERAGE=100, STOP_LOSS_PERCENT=5: .*the highest leverage that works .* is 18\.14/,
    );
    expect(() => read({ LEVERAGE: "18.14", STOP_LOSS_PERCENT: "5" })).not.toThrow();
    expect(() => read({ STOP_LOSS_PERCENT: "9.5" })).toThrow(ConfigurationError);
    expect(() => read({ LEVERAGE: "50", STOP_LOSS_PERCENT: "1.4" })).not.toThrow();
    expect(() => read({ STOP_LOSS_PERCENT: "99.8", LEVERAGE: "1" })).toThrow(/no leverage works/);
  });
});

describe("the defaults of the settings", () => {
  it("are those of the engine", () => {
    expect(tradeRulesOf(configuration({}, TRADE_SETTINGS))).toEqual(DEFAULT_TRADE_RULES);
    expect(configuration({}, ["BACKTEST_DAYS"]).backtestDays).toEqual(DEFAULT_BACKTEST_DAYS);
  });
});
