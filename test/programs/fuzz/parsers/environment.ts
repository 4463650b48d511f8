import assert from "node:assert/strict";
import fc from "fast-check";
import { ConfigurationError, rabbitMqUrl } from "#libs/config/configuration.ts";
import type { Environment } from "#libs/config/environment.ts";
import { DEFAULT_BACKTEST_DAYS, SETTINGS } from "#libs/config/settings.ts";
import { QueueError } from "#libs/queue/queue.ts";
import { parseBrokerUrl } from "#libs/queue/rabbitmq/broker-url.ts";
import { ANALYZER_SETTINGS, analyzerConfig } from "#services/analyzer/config.ts";
import { FINDER_SETTINGS, finderConfig } from "#services/finder/config.ts";
import { localConfig } from "#services/local/config.ts";
import { SCANNER_SETTINGS, scannerConfig } from "#services/scanner/config.ts";
import { SELECTOR_SETTINGS, selectorConfig } from "#services/selector/config.ts";
import { badText } from "#test/programs/fuzz/bad-values.ts";
import { type FuzzedParser, fuzzedParser } from "#test/programs/fuzz/fuzzed-parser.ts";
import { mutatedBytes } from "#test/programs/fuzz/mutate.ts";

const PASSWORD = "hunter2";

/** Texts that are right for a variable, as seeds of wrong ones; all others take a number. */
const GOOD_TEXTS: Readonly<Record<string, readonly string[]>> = {
  AWS_REGION: ["eu-west-1"],
  AWS_ENDPOINT_URL: ["http://127.0.0.1:8000", "https://user:hunter2@db.local/"],
  RABBITMQ_URL: ["amqp://user:hunter2@host:5672/vhost", "amqps://u:hunter2%20@[::1]/%2F"],
  RABBITMQ_HOST: ["mq.internal", "127.0.0.1", "[::1]"],
  RABBITMQ_USER: ["user", "us@er"],
  RABBITMQ_PASS: ["hunter2", "hunter2/@:%?#[]", " hunter2 "],
  BYBIT_BASE_URL: ["http://127.0.0.1:7070", "https://user:hunter2@api.local/"],
  BYBIT_TESTNET: ["true", "false"],
  RESULTS_TABLE: ["results"],
  POSITIONS_TABLE: ["positions"],
  SCAN_HISTORY_TABLE: ["scans"],
  SIGNALS_TABLE: ["signals"],
  TIMEFRAMES: ["1m,5m", " 30m , 1m "],
  BACKTEST_DAYS: ["1m:14,3m:30", " 5m:7 ", "1m:1,3m:2,5m:3,15m:4,30m:365"],
  SIMULATED_TIME: ["2026-01-15T12:00:30Z", "2026-02-28", "2026-01-15 12:00+09:00"],
  CODE_VERSION: ["1.2.3"],
  LOG_LEVEL: ["debug"],
  LOG_FORMAT: ["json", "pretty"],
};

function wordFor(name: string): fc.Arbitrary<string> {
  const good = fc.constantFrom(...(GOOD_TEXTS[name] ?? ["1", "20", "100", "0.5", "5671", "1e1"]));
  const damaged = mutatedBytes(good.map((text) => Buffer.from(text))).map((bytes) => bytes.toString("utf8"));
  // An environment holds bytes: what is no Unicode arrives as U+FFFD.
  const bad = badText.map((text) => Buffer.from(text).toString("utf8"));
  return fc.oneof(
    { arbitrary: good, weight: 3 },
    { arbitrary: damaged, weight: 3 },
    { arbitrary: bad, weight: 4 },
  );
}

function environmentOf(names: readonly string[]): fc.Arbitrary<Environment> {
  const words = names.map((name) => fc.tuple(fc.constant(name), wordFor(name)));
  return fc.array(fc.oneof(...words), { maxLength: 4 }).map((entries) => Object.fromEntries(entries));
}

/** A number as an operator writes one: nothing else may count as one. */
function plainNumber(text: string): number {
  assert.match(text.trim(), /^[\d.eE+-]+$/);
  const value = Number(text);
  assert.ok(Number.isFinite(value), `${text} is not finite`);
  return value;
}

const camelCase = (name: string) =>
  name.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

/** Every given variable against a plain reading of its text. */
function verifyConfig(environment: Environment, config: Readonly<Record<string, unknown>>): void {
  for (const [name, text = ""] of Object.entries(environment)) {
    if (!(name in SETTINGS) || text.trim() === "") continue;
    const value = config[camelCase(name)];
    if (name === "RABBITMQ_PASS") assert.equal(value, text);
    else if (name === "BACKTEST_DAYS") assert.deepEqual(value, daysOf(text));
    else if (name === "TIMEFRAMES") {
      assert.deepEqual(
        new Set(value as readonly string[]),
        new Set(text.split(",").map((part) => part.trim())),
      );
    } else if (name === "SIMULATED_TIME") verifyMoment(text.trim(), value);
    else if (name === "BYBIT_TESTNET") assert.equal(String(value), text);
    else if (name.endsWith("URL")) {
      // A URL is read without the line breaks and tabs that a shell may have put into it.
      assert.equal(value, text.trim().replace(/[\t\r\n]/g, ""));
    } else if (name in GOOD_TEXTS) assert.equal(value, text.trim());
    else assert.equal(value, plainNumber(text));
  }
}

function daysOf(text: string): Record<string, number> {
  const pairs = text.split(",").map((pair) => {
    const found = /^(1m|3m|5m|15m|30m):(\d{1,9})$/.exec(pair.trim());
    assert.ok(found, `${pair} is no pair`);
    return [found[1] ?? "", Number(found[2])] as const;
  });
  assert.equal(new Set(pairs.map(([timeframe]) => timeframe)).size, pairs.length, "a repeated timeframe");
  return { ...DEFAULT_BACKTEST_DAYS, ...Object.fromEntries(pairs) };
}

function verifyMoment(text: string, value: unknown): void {
  assert.ok(typeof value === "number" && Number.isInteger(value));
  const shown = new Date(value).toISOString();
  // Without an offset the text and the moment have the same date, which no 30th of February has.
  if (!/[+-]\d\d:?\d\d$/.test(text)) assert.equal(text.slice(0, 10), shown.slice(0, 10));
}

/** What becomes of the broker's variables: the parts that the driver gets. */
function verifyBroker(environment: Environment, url: string): void {
  const { connect } = parseBrokerUrl(url);
  if (environment.RABBITMQ_URL !== undefined && environment.RABBITMQ_URL.trim() !== "") return;
  const given = (name: string, fallback: string) => {
    const text = environment[name];
    return text === undefined || text.trim() === "" ? fallback : text;
  };
  assert.equal(connect.password, given("RABBITMQ_PASS", "guest"));
  assert.equal(connect.username, given("RABBITMQ_USER", "guest").trim());
  const host = given("RABBITMQ_HOST", "localhost").trim();
  // An IPv6 address is written in many ways and has one canonical one.
  const canonical = host.startsWith("[") ? new URL(`http://${host}`).hostname : host;
  assert.equal(connect.hostname, canonical.replace(/^\[|\]$/g, ""));
  assert.equal(connect.port, Number(given("RABBITMQ_PORT", "5672")));
}

type AnyConfig = Readonly<Record<string, unknown>>;

const LOCAL_NAMES = ANALYZER_SETTINGS.filter((name) => !/RABBITMQ|AWS|TABLE|SIMULATED|PREFETCH/.test(name));

function environmentParser(
  service: string,
  names: readonly string[],
  read: (environment: Environment) => AnyConfig,
): FuzzedParser {
  const hasBroker = names.includes("RABBITMQ_URL");
  return fuzzedParser(`environment of ${service}`, () => ({
    inputs: environmentOf(names),
    read(environment) {
      const config = read(environment);
      // Its five variables are among those that every such service reads.
      if (hasBroker) parseBrokerUrl(rabbitMqUrl(config as Parameters<typeof rabbitMqUrl>[0]));
      return config;
    },
    refusals: [ConfigurationError, QueueError],
    verify(environment, config) {
      verifyConfig(environment, config);
      if (hasBroker) verifyBroker(environment, rabbitMqUrl(config as Parameters<typeof rabbitMqUrl>[0]));
    },
    names: (environment) =>
      Object.keys(environment).flatMap((name) => (name === "RABBITMQ_URL" ? [name, "RabbitMQ URL"] : [name])),
    secrets: () => [PASSWORD],
  }));
}

export const ENVIRONMENT_PARSERS: readonly FuzzedParser[] = [
  environmentParser("scanner", SCANNER_SETTINGS, scannerConfig),
  environmentParser("analyzer", ANALYZER_SETTINGS, analyzerConfig),
  environmentParser("selector", SELECTOR_SETTINGS, selectorConfig),
  environmentParser("finder", FINDER_SETTINGS, finderConfig),
  environmentParser("npm start", [...LOCAL_NAMES, "MIN_VOLATILITY", "MIN_PNL", "CODE_VERSION"], localConfig),
];
