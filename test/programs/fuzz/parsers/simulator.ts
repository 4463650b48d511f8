import assert from "node:assert/strict";
import { connect } from "node:net";
import fc from "fast-check";
import { simulatedClock } from "#libs/runtime/clock.ts";
import { startExchangeSimulator } from "#libs/simulator/server.ts";
import { DEFAULT_START_MS, syntheticExchange } from "#libs/simulator/synthetic/synthetic-exchange.ts";
import { badText, hugeBytes } from "#test/programs/fuzz/bad-values.ts";
import { type FuzzedParser, fuzzedParser, Refused } from "#test/programs/fuzz/fuzzed-parser.ts";
import { mutatedBytes } from "#test/programs/fuzz/mutate.ts";
import { jsonBytes } from "./json-bytes.ts";

const PATHS = ["time", "kline", "tickers", "instruments-info", "funding/history"].map(
  (name) => `/v5/market/${name}`,
);
const QUERY_NAMES = [
  "category",
  "symbol",
  "interval",
  "start",
  "end",
  "limit",
  "cursor",
  "startTime",
  "endTime",
  "baseCoin",
  "status",
];
const NOW_MS = DEFAULT_START_MS;
const QUERY_WORDS = [
  "linear",
  "spot",
  "BTCUSDT",
  "1",
  "D",
  "240",
  "1000",
  "200",
  String(NOW_MS),
  String(NOW_MS - 3_600_000),
  "Trading",
  "first=A&last=B",
  "%",
  "9007199254740991",
];

/** One request as bytes on the wire. */
interface Request {
  readonly bytes: Buffer;
  readonly target: string;
}

function query(): fc.Arbitrary<string> {
  const word = fc.oneof(
    { arbitrary: fc.constantFrom(...QUERY_WORDS), weight: 3 },
    { arbitrary: badText.map((text) => text.slice(0, 2_000)), weight: 2 },
  );
  return fc
    .array(fc.tuple(fc.constantFrom(...QUERY_NAMES), word), { maxLength: 5 })
    .map((pairs) => new URLSearchParams(pairs).toString());
}

const kline = fc
  .tuple(
    fc.constantFrom("1", "5", "D", "240", "7", "constructor", "__proto__"),
    fc.constantFrom(...QUERY_WORDS),
    fc.constantFrom(...QUERY_WORDS),
    fc.constantFrom("1", "3", "1000", "0", "-1", "2e1"),
  )
  .map(
    ([interval, start, end, limit]) =>
      `/v5/market/kline?${new URLSearchParams({ category: "linear", symbol: "BTCUSDT", interval, start, end, limit })}`,
  );

const targets = fc.oneof(
  {
    arbitrary: fc.tuple(fc.constantFrom(...PATHS), query()).map(([path, text]) => `${path}?${text}`),
    weight: 6,
  },
  { arbitrary: kline, weight: 4 },
  {
    arbitrary: fc.constantFrom(
      "/",
      "//",
      "/__requests",
      "/__proto__",
      "/v5/market/../..",
      "http://[",
      "*",
      "/%",
      "/v5/market/kline?%",
      "//@:",
    ),
    weight: 2,
  },
  {
    arbitrary: badText.map(
      (text) => `/${encodeURIComponent(text.replace(/[\ud800-\udfff]/g, "")).slice(0, 3_000)}`,
    ),
    weight: 1,
  },
);

const requests: fc.Arbitrary<Request> = fc.oneof(
  {
    arbitrary: targets.map((target) => ({
      target,
      bytes: Buffer.from(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`),
    })),
    weight: 8,
  },
  {
    arbitrary: mutatedBytes(
      fc.constant(Buffer.from(`GET ${PATHS[0]} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)),
    ).map((bytes) => ({ target: "noise", bytes })),
    weight: 1,
  },
);

const PLAN = {
  seed: 7,
  faults: [{ kind: "slow", path: "/no-such-path", after: 1, times: 2, probability: 0.5, delayMs: 5 }],
};

const plans: fc.Arbitrary<Request> = fc
  .oneof(
    { arbitrary: jsonBytes(fc.constant(PLAN)), weight: 1_500 },
    { arbitrary: mutatedBytes(fc.constant(Buffer.from(JSON.stringify(PLAN)))), weight: 500 },
    { arbitrary: hugeBytes, weight: 1 },
  )
  .map((body) => ({
    target: "/__faults",
    bytes: Buffer.concat([
      Buffer.from(
        `POST /__faults HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`,
      ),
      body,
    ]),
  }));

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Sends bytes and takes whatever comes until the end. A request that is not whole gets its end from us. */
function exchanged(port: number, bytes: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, "127.0.0.1");
    const done = () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const at = text.indexOf("\r\n\r\n");
      resolve({
        status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? "0"),
        body: at === -1 ? "" : text.slice(at + 4),
      });
    };
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("close", done);
    socket.on("error", (error: NodeJS.ErrnoException) => {
      // The server may answer and close before it has read all of a body that is too long.
      if (error.code !== "ECONNRESET" && error.code !== "EPIPE") reject(error);
    });
    socket.end(bytes);
  });
}

function simulatorParser(
  name: string,
  inputs: fc.Arbitrary<Request>,
  verify: (request: Request, answer: Answer) => void,
): FuzzedParser {
  return fuzzedParser(name, async () => {
    const simulator = await startExchangeSimulator({
      source: syntheticExchange(),
      clock: simulatedClock(NOW_MS, 0),
    });
    const port = Number(new URL(simulator.url).port);
    return {
      inputs,
      async read({ target, bytes }) {
        const answer = await exchanged(port, bytes);
        assert.ok(answer.status < 500, `HTTP ${answer.status}: ${answer.body.slice(0, 300)}`);
        if (target === "/__faults" && answer.status === 0) throw new Refused("closed");
        if (answer.status !== 200) throw new Refused(`HTTP ${answer.status} ${answer.body}`);
        const refused = target === "/__faults" ? 0 : refusalCode(answer.body);
        if (refused !== 0) throw new Refused(answer.body);
        return answer;
      },
      refusals: [Refused],
      verify,
      names: () => ["HTTP 4", "HTTP 0", "closed", "params error", "Invalid period", "Not supported symbols"],
      close: () => simulator.close(),
    };
  });
}

function refusalCode(body: string): number {
  const code: unknown = Object(JSON.parse(body)).retCode;
  return typeof code === "number" ? code : 0;
}

function verifyAnswer({ target }: Request, { body }: Answer): void {
  const { result } = Object(JSON.parse(body));
  if (!target.startsWith("/v5/market/kline?")) return;
  const asked = new URLSearchParams(target.slice(target.indexOf("?")));
  const rows = result.list as readonly (readonly string[])[];
  const limit = Number(asked.get("limit") || "200");
  assert.ok(rows.length <= limit, `${rows.length} rows of ${limit}`);
  for (const row of rows) {
    const [openMs = Number.NaN, open = Number.NaN, high = 0, low = 0, close = 0] = row.map(Number);
    assert.ok(
      openMs <= NOW_MS &&
        openMs >= 0 &&
        low > 0 &&
        high >= Math.max(open, close) &&
        low <= Math.min(open, close),
      row.join(" "),
    );
    if (asked.get("start")) assert.ok(openMs >= Number(asked.get("start")));
    if (asked.get("end")) assert.ok(openMs <= Number(asked.get("end")));
  }
}

export const SIMULATOR_PARSERS: readonly FuzzedParser[] = [
  simulatorParser("simulator's requests", requests, verifyAnswer),
  simulatorParser("simulator's fault plans", plans, ({ bytes }, { body }) => {
    assert.equal(body, '{"ok":true}');
    const text = bytes.toString("utf8");
    const plan: unknown = JSON.parse(text.slice(text.indexOf("\r\n\r\n") + 4));
    for (const fault of Object(plan).faults) {
      assert.ok(
        fault.delayMs === undefined || (fault.delayMs >= 0 && fault.delayMs < 2 ** 31),
        "a timer's longest wait",
      );
    }
  }),
];
