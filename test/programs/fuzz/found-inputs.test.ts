import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConsumeMessage } from "amqplib";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { parseSettings, SettingsError } from "#infra/config/settings.ts";
import { variablesFromContext } from "#infra/config/variables.ts";
import { contextOf } from "#infra/cost/context-of.ts";
import { ConfigurationError } from "#libs/config/configuration.ts";
import { resultsItemSchema } from "#libs/contracts/results-item.ts";
import { scanItemSchema } from "#libs/contracts/scan-item.ts";
import { ContractError, fromWire } from "#libs/contracts/wire.ts";
import { type BybitOptions, makeBybitMarketData } from "#libs/market/bybit/bybit-market-data.ts";
import type { MarketData } from "#libs/market/market-data.ts";
import { MarketError } from "#libs/market/market-error.ts";
import { parseBrokerUrl } from "#libs/queue/rabbitmq/broker-url.ts";
import { readEnvelope } from "#libs/queue/rabbitmq/envelope.ts";
import { InputError } from "#libs/recordings/input-error.ts";
import { readCandles } from "#libs/recordings/read-candles.ts";
import { readFunding } from "#libs/recordings/read-funding.ts";
import { recordedExchange } from "#libs/simulator/recorded/recorded-exchange.ts";
import { makeResultsStore } from "#libs/store/dynamodb/results-store.ts";
import { analyzerConfig } from "#services/analyzer/config.ts";
import { parseLocalOptions } from "#services/local/options.ts";
import { clientOf } from "#test/support/database/dynamodb.ts";
import {
  type BybitAnswer,
  type BybitServer,
  ok,
  startBybitServer,
} from "#test/support/exchange/bybit-server.ts";
import { closeSimulators, startSimulator } from "#test/support/exchange/simulators.ts";

/** Inputs that generated ones found, or stand for: each crashed, hung, was misread, or filled the log. */

const LONG_DIGITS = `${"1".repeat(100_000)}x`;

describe("variables", () => {
  it.each([
    ["TOP_N_COINS", LONG_DIGITS],
    ["BACKTEST_DAYS", "1m:14:30"],
    ["BACKTEST_DAYS", "1m:3,1m:4"],
    ["BACKTEST_DAYS", "x".repeat(100_000)],
    ["TIMEFRAMES", `${"x,".repeat(50_000)}x`],
    ["RABBITMQ_HOST", "mq.internal:5672"],
    ["RABBITMQ_HOST", "mq/internal@elsewhere"],
    ["RABBITMQ_HOST", "[8:1]"],
    ["RABBITMQ_URL", "amqp:mq.internal"],
    ["RABBITMQ_URL", "amqp://user:p%@mq.internal"],
  ])("that are wrong are refused in a line: %s=%.40s", (name, value) => {
    let message = "";
    try {
      analyzerConfig({ [name]: value });
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigurationError);
      message = String(error);
    }
    expect(message).toContain(`${name}: `);
    expect(message.length).toBeLessThan(1_000);
  });

  it("do not show a query, which may be the address once more", () => {
    const pasted = "amqp://u:hunter2@host?heartbeat=amqp://u:hunter2@host";
    expect(() => parseBrokerUrl(pasted)).toThrow(/it has a query/);
    expect(() => parseBrokerUrl(pasted)).not.toThrow(/hunter2/);
  });

  it("keep a password as it is, spaces at its ends included", () => {
    expect(analyzerConfig({ RABBITMQ_PASS: " p w " }).rabbitmqPass).toBe(" p w ");
  });
});

describe("items and messages", () => {
  it("name a strategy whose name takes long to be looked at, and are refused at once", () => {
    const item = { timeframes: { "1m": { strategies: { [`a${"1".repeat(60)}!`]: 1 } } } };
    expect(() => fromWire(resultsItemSchema, item, "results item")).toThrow(ContractError);
  });

  it("name ten wrong fields and the number of the others", () => {
    const item = { selected: Array.from({ length: 5_000 }, () => "not a symbol") };
    const read = () => fromWire(scanItemSchema, item, "scan item");
    expect(read).toThrow(/selected\.0: .* and \d{4} more$/);
    expect(read).not.toThrow(/selected\.20:/);
  });

  it.each([
    ["scan_timestamp", { toString: "0" }],
    ["symbol", ["BTCUSDT"]],
  ])("whose %s is no key are left out of what is active, and said", async (field, value) => {
    const client = clientOf("http://127.0.0.1:1");
    const Items = [{ symbol: "BTCUSDT", scan_timestamp: 1_800_000_000, [field]: value }];
    client.middlewareStack.add(
      () => async () => ({ output: { $metadata: {}, Items }, response: undefined }),
      {
        step: "initialize",
        priority: "high",
      },
    );
    const said: object[] = [];
    const logger = { warn: (fields: object) => said.push(fields) };
    const clock = { nowMs: () => 1_800_000_060_000 };
    expect(await makeResultsStore(client, { tableName: "t", clock, logger }).active()).toEqual([]);
    expect(said).toEqual([expect.objectContaining({ reason: expect.stringContaining(`${field}: `) })]);
    client.destroy();
  });

  it("with a field in both styles are refused instead of guessed at", () => {
    const read = () => fromWire(scanItemSchema, { scan_id: "one", scanId: "another" }, "scan item");
    expect(read).toThrow(/scanId": the field is present twice/);
  });
});

describe("a message's envelope", () => {
  const read = (headers: object, messageId?: string) =>
    // As the driver hands it over; only these parts are read.
    readEnvelope({
      fields: { redelivered: false },
      properties: { headers, messageId },
    } as unknown as ConsumeMessage);

  it.each(["published-at-ms", "not-before-ms", "attempts"])(
    "has no %s that the driver could not send on",
    (name) => {
      expect(read({ [name]: 1e300 })).toMatchObject({ publishedAtMs: null, notBeforeMs: null, attempts: 0 });
    },
  );

  it("has no id and no reason that do not fit when they are sent on", () => {
    expect(read({}, "\ufffd".repeat(255)).messageId).toBeNull();
    expect(read({ reason: "x".repeat(100_000) }).reason).toHaveLength(8_000);
  });
});

describe("Bybit's replies", () => {
  let server: BybitServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  async function market(script: Parameters<typeof startBybitServer>[0]): Promise<MarketData> {
    server = await startBybitServer(script);
    const options: BybitOptions = {
      baseUrl: server.url,
      requestsPerSecond: 100_000,
      retryDelaysMs: [],
      refetchDelaysMs: [],
    };
    return makeBybitMarketData(options);
  }

  const instrument = (overrides: object) => ({
    symbol: "BTCUSDT",
    contractType: "LinearPerpetual",
    status: "Trading",
    baseCoin: "BTC",
    quoteCoin: "USDT",
    launchTime: "1585526400000",
    deliveryTime: "0",
    priceFilter: { tickSize: "0.1" },
    lotSizeFilter: { qtyStep: "0.001", minNotionalValue: "5" },
    fundingInterval: 480,
    ...overrides,
  });
  const ticker = (overrides: object) => ({
    symbol: "BTCUSDT",
    lastPrice: "1",
    highPrice24h: "2",
    lowPrice24h: "1",
    price24hPcnt: "0",
    turnover24h: "1",
    ...overrides,
  });
  const list = (...rows: readonly unknown[]) => ok({ list: rows });
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  const text = (body: string): BybitAnswer => ({ kind: "text", text: body });

  it.each<[string, (from: MarketData) => Promise<unknown>, BybitAnswer]>([
    [
      "a result nested beyond the stack",
      (from) => from.tickers(),
      text(`{"retCode":0,"time":1,"result":${deep}}`),
    ],
    ["a body nested beyond the stack", (from) => from.tickers(), text(deep)],
    ["a time that no date holds", (from) => from.serverTimeMs(), ok({}, 9e15)],
    [
      "a change that is beyond all numbers in percent",
      (from) => from.tickers(),
      list(ticker({ price24hPcnt: "1e307" })),
    ],
    ["a price beyond all numbers", (from) => from.tickers(), list(ticker({ lastPrice: "1e999" }))],
    [
      "a delivery time that no date holds",
      (from) => from.instruments(),
      list(instrument({ deliveryTime: "99999999999999999999" })),
    ],
    [
      "a tick of nothing",
      (from) => from.instruments(),
      list(instrument({ priceFilter: { tickSize: "0.00" } })),
    ],
    ["a negative funding interval", (from) => from.instruments(), list(instrument({ fundingInterval: -1 }))],
    [
      "a rate beyond all numbers",
      (from) => from.fundingRates({ symbol: "BTCUSDT", fromMs: 0, toMs: 10 }),
      list({ fundingRate: "1e999", fundingRateTimestamp: "5" }),
    ],
    [
      "a full page of one settlement",
      (from) => from.fundingRates({ symbol: "BTCUSDT", fromMs: 0, toMs: 1e12 }),
      list(
        ...Array.from({ length: 200 }, () => ({ fundingRate: "0", fundingRateTimestamp: "999999999999" })),
      ),
    ],
    [
      "a price in another base",
      (from) => from.candles({ symbol: "BTCUSDT", intervalMs: 60_000, fromMs: 0, toMs: 60_000 }),
      list(["0", "0x10", "0x10", "0x10", "0x10", "1", "1"]),
    ],
  ])("with %s are refused in a line", async (_, ask, answer) => {
    const error: unknown = await ask(await market(() => answer)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MarketError);
    expect(String(error).length).toBeLessThan(1_000);
  });

  it("with two rows of one symbol count the first, however few rows there are", async () => {
    const from = await market(() => list(ticker({}), ticker({ lastPrice: "1.5" })));
    expect(await from.tickers()).toEqual([expect.objectContaining({ symbol: "BTCUSDT", lastPrice: 1 })]);
  });

  it("that name new pages without end are followed no further than they bring something", async () => {
    const from = await market((_, index) => ok({ list: [instrument({})], nextPageCursor: `page-${index}` }));
    await expect(from.instruments()).rejects.toThrow(/page without new rows/);
    expect(server?.requests).toHaveLength(2);
  });
});

describe("files", () => {
  const folder = mkdtempSync(join(tmpdir(), "found-inputs-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const written = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const HEADER = "start_ms,open,high,low,close,volume,turnover";
  const GOOD = "1768478280000,1,1,1,1,1,1\n1768478340000,1,1,1,1,1,1";

  it("with a line of digits without end are refused at once", async () => {
    const path = written("digits.csv", `funding_ms,rate\n1768478400000,${LONG_DIGITS}\n`);
    await expect(readFunding(path)).rejects.toThrow(InputError);
  });

  it("with a zero that has a sign have a plain one", async () => {
    const rows = [0, 1].map((i) => `${1_768_478_400_000 + i * 60_000},1,1,1,1,-0,`);
    const candles = await readCandles(written("zero.csv", `${HEADER}\n${rows.join("\n")}\n`));
    expect([...candles.volume]).toEqual([0, 0]);
    const rates = written("rates.csv", "funding_ms,rate\n1768478400000,-0\n");
    expect([...(await readFunding(rates)).rate]).toEqual([0]);
  });

  it.each([
    ["a price beyond all numbers", `1768478400000,1,${"9".repeat(400)},1,1,1,1`, ""],
    ["a time that no date holds", "99999999999999960000,1,1,1,1,1,1", ""],
    ["a rate in another base", "1768478400000,1,1,1,1,1,1", "1768478400000,0x10"],
    ["a rate of more than the position", "1768478400000,1,1,1,1,1,1", "1768478400000,1.5"],
  ])("of a recording with %s are left out with the line", async (_, candle, rate) => {
    written("BYBIT_BTCUSDT_1.csv", `${HEADER}\n${GOOD}\n${candle}\n`);
    written("funding_BTCUSDT.csv", `funding_ms,rate\n${rate}\n`);
    written("BYBIT_OTHERUSDT_1.csv", `${HEADER}\n${GOOD}\n`);
    const { notes } = await recordedExchange({ directory: folder });
    expect(notes).toContainEqual(expect.stringMatching(/left out .*BTCUSDT.* line [24]: /));
  });
});

describe("the simulator", () => {
  afterEach(closeSimulators);

  it("knows no interval that only JavaScript's objects have", async () => {
    const { url } = await startSimulator();
    const answer = await fetch(`${url}/v5/market/kline?category=linear&symbol=BTCUSDT&interval=constructor`);
    expect(await answer.json()).toMatchObject({ retCode: 10001, retMsg: "Invalid period!" });
  });

  it("answers an address that does not parse as the caller's mistake", async () => {
    const { url } = await startSimulator();
    expect((await fetch(`${url}//`)).status).toBe(400);
  });

  it.each([
    [
      "a wait that no timer has",
      JSON.stringify({ faults: [{ kind: "slow", delayMs: 1e12 }] }),
      /faults\.0\.delayMs: .*1000000000000/,
    ],
    ["no JSON", "{faults", /not JSON: "\{faults"/],
  ])("refuses a fault plan with %s and names the place", async (_, body, words) => {
    const { url } = await startSimulator();
    const answer = await fetch(`${url}/__faults`, { method: "POST", body });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toMatch(words);
  });
});

describe("arguments and context", () => {
  it("that are a whole file by mistake do not fill the terminal", () => {
    const read = () => parseLocalOptions(["--market", "x".repeat(100_000)], () => {});
    expect(read).toThrow(/--market .* \.\.\. .*Allowed choices are/s);
    expect(read).not.toThrow(/x{600}/);
  });

  it("refuse a setting that is written in another base", () => {
    expect(() => parseSettings({ logRetentionDays: "0x0e" })).toThrow(/logRetentionDays: .*0x0e/);
  });

  it("refuse a variable that is an object", () => {
    expect(() => variablesFromContext({ MIN_PNL: { toString: 1 } })).toThrow(SettingsError);
  });

  it("of the cost table refuse what is no setting, and what is there twice", () => {
    expect(() => contextOf(["spot"])).toThrow(SettingsError);
    expect(() => contextOf(["spot=all", "spot=none"])).toThrow(/"spot" is given twice/);
  });
});
