import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LedgerItem, type LedgerOutcome, WAITING } from "#libs/contracts/ledger-item.ts";
import type { PositionItem } from "#libs/contracts/position-item.ts";
import { makeLedgerStore } from "#libs/store/dynamodb/ledger-store.ts";
import { runLedger } from "#services/cli/ledger/run-ledger.ts";
import { capturedLogger } from "#test/support/captured-logger.ts";
import { clientOf, freshTables, startEmbedded, type TestDynamoDb } from "#test/support/database/dynamodb.ts";
import { ledgerItem } from "#test/support/factories/ledger-items.ts";

const FIRST = Date.UTC(2026, 0, 15, 23, 30) / 1_000;
let database: TestDynamoDb;
let table: string;

function ended(state: LedgerOutcome["state"], netPnl: number): LedgerOutcome {
  return { ...WAITING, state, netPnl, holdingMinutes: 75, exitAt: FIRST * 1_000, updatedAt: FIRST * 1_000 };
}

beforeAll(async () => {
  database = await startEmbedded();
  const client = clientOf(database.endpoint);
  table = (await freshTables(client)).signals.name;
  const clock = { nowMs: () => FIRST * 1_000 };
  const ledger = makeLedgerStore(client, { tableName: table, clock, logger: capturedLogger().logger });
  const signals: readonly [Partial<PositionItem>, LedgerOutcome | null][] = [
    [{ symbol: "AUSDT", confidence: 85 }, ended("target", 18.7)],
    [{ symbol: "BUSDT", strategy: "BASIC", confidence: 60 }, ended("stop", -11.3)],
    [{ symbol: "CUSDT", timeframe: "15m", confidence: 100 }, ended("timed_out", 1.5)],
    [{ symbol: "DUSDT" }, { ...WAITING, state: "skipped", reason: "no trade" }],
    [{ symbol: "EUSDT" }, null],
  ];
  for (const [i, [of, outcome]] of signals.entries()) {
    const item: LedgerItem = ledgerItem({ ...of, signalTimestamp: FIRST + i * 1_800 });
    await ledger.record(item);
    if (outcome !== null) await ledger.settle(item, outcome);
  }
  client.destroy();
}, 30_000);
afterAll(() => database?.close());

async function run(...args: string[]) {
  let out = "";
  let err = "";
  const code = await runLedger(args, {
    print: (text) => {
      out += text;
    },
    printError: (text) => {
      err += text;
    },
    environment: { AWS_ENDPOINT_URL: database.endpoint, SIGNALS_TABLE: table },
  });
  return { code, out, err };
}

describe("the ledger command", () => {
  it("prints each signal and the figures of all and of each group, never a rate without its n", async () => {
    const { code, out, err } = await run();
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain("SIMULATED (synthetic)");
    expect(out).toMatch(/2026-01-15 23:30 +AUSDT +LONG +5m ADVANCED +85 .* target +\$18\.70 +1 h 15 min/);
    expect(out).toMatch(/DUSDT .* skipped +- +-/);
    expect(out).toMatch(/^all +3 +2 +66\.7 % \(20\.8 to 93\.9\) +\$8\.90 +1\.79 +1 +1$/m);
    expect(out).toMatch(/^BASIC +1 +0 +0\.0 % \(0\.0 to 79\.3\) +-\$11\.30 +0\.00 +0 +0$/m);
    expect(out).toMatch(/^15m +1 +1 /m);
  }, 60_000);

  it("prints the same as one JSON object", async () => {
    const { code, out } = await run("--json", "--from", "2026-01-15", "--to", "2026-01-17");
    const json = JSON.parse(out);
    expect(code).toBe(0);
    expect(json.markets).toEqual(["synthetic"]);
    expect(json.summary.all).toMatchObject({ signals: 5, n: 3, open: 1, without_result: 1, wins: 2 });
    expect(json.summary.by_strategy.BASIC).toMatchObject({ n: 1, net_pnl: -11.3, profit_factor: 0 });
    expect(json.signals).toHaveLength(5);
    expect(json.signals[0]).toMatchObject({ symbol: "AUSDT", outcome: { state: "target", net_pnl: 18.7 } });
  });

  it("takes a span over midnight, a symbol and a strategy", async () => {
    const symbols = async (...args: string[]) =>
      JSON.parse((await run("--json", ...args)).out).signals.map((one: { symbol: string }) => one.symbol);
    expect(await symbols("--from", "2026-01-16T00:00Z", "--to", "2026-01-16T01:00Z")).toEqual([
      "BUSDT",
      "CUSDT",
      "DUSDT",
    ]);
    expect(await symbols("--symbol", "CUSDT")).toEqual(["CUSDT"]);
    expect(await symbols("--strategy", "BASIC")).toEqual(["BUSDT"]);
  }, 60_000);

  it("says that there are none", async () => {
    const { code, out } = await run("--symbol", "NONEUSDT");
    expect(code).toBe(0);
    expect(out).toMatch(/^no signals from /);
  });

  it.each([
    [["--from", "yesterday"], /yesterday/],
    [["--from", "2026-02-01", "--to", "2026-01-01"], /--from 2026-02-01T00:00:00.000Z is after --to/],
    [["--symbol", "no/symbol"], /no\/symbol/],
    [["--strategy", "basic"], /"basic" is not a strategy/],
  ])("refuses %j in a sentence", async (args, sentence) => {
    const { code, out, err } = await run(...args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(sentence);
  });

  it("says where it looked when the table cannot be read", async () => {
    const printed: string[] = [];
    const code = await runLedger(["--from", "2026-01-15", "--to", "2026-01-16"], {
      print: (text) => printed.push(text),
      printError: (text) => printed.push(text),
      environment: { AWS_ENDPOINT_URL: database.endpoint, SIGNALS_TABLE: "not-there" },
    });
    expect(code).toBe(1);
    expect(printed.join("")).toMatch(/^ledger: .*check AWS_ENDPOINT_URL, AWS_REGION and SIGNALS_TABLE\n$/);
  });
});
