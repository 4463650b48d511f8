import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { zipped } from "./zip-file.ts";

/** Time in ms, open, high, low, close, volume, turnover. */
export type CandleNumbers = readonly [number, number, number, number, number, number, number];

/** A file as somebody may have it, and what is in it. */
export interface ShapedFile {
  readonly content: Buffer;
  readonly timeZone: string | undefined;
  /** Oldest first; turnover is NaN where the shape has none. */
  readonly rows: readonly CandleNumbers[];
  /** Rows that the file has twice. */
  readonly doubled: number;
}

const START_MS = Date.UTC(2026, 0, 1);

const price = fc.tuple(fc.integer({ min: 1, max: 999_999 }), fc.integer({ min: -12, max: 3 }));

/** Candles of one interval without a gap. */
const candleNumbers: fc.Arbitrary<CandleNumbers[]> = fc
  .record({
    minutes: fc.constantFrom(1, 5, 15, 60),
    first: fc.nat(100_000),
    exponent: fc.integer({ min: -12, max: 3 }),
    candles: fc.array(
      fc.tuple(fc.array(fc.integer({ min: 1, max: 999_999 }), { minLength: 4, maxLength: 4 }), price),
      {
        minLength: 3,
        maxLength: 30,
      },
    ),
  })
  .map(({ minutes, first, exponent, candles }) =>
    candles.map(([units, [mantissa, scale]], i): CandleNumbers => {
      const [low = 1, open = 1, close = 1, high = 1] = units
        .sort((a, b) => a - b)
        .map((n) => Number(`${n}e${exponent}`));
      const volume = i % 7 === 3 ? 0 : Number(`${mantissa}e${scale}`);
      const turnover = Number((volume * close).toPrecision(12));
      return [START_MS + (first + i) * minutes * 60_000, open, high, low, close, volume, turnover];
    }),
  );

const NAMES = [
  [
    "start_ms",
    "timestamp",
    "Time",
    "DATE",
    "datetime",
    "Unix",
    "open_time",
    "Open time",
    "start_at",
    "startTime",
    "ts",
  ],
  ["open", "Open", "OPEN", "o", "openPrice", "<OPEN>"],
  ["high", "High", "h", "high_price", "<HIGH>"],
  ["low", "Low", "l", "Low Price", "<LOW>"],
  ["close", "Close", "c", "closePrice", "<CLOSE>"],
  ["volume", "Volume", "VOL", "v", "base_volume", "Volume BTC"],
  ["turnover", "quote_volume", "Volume USDT", "Quote asset volume", "quoteVolume"],
] as const;
const OTHERS = ["symbol", "RSI", "Volume MA", "trades", "close_time", "note", "unnamed"];

const TIME_FORMS = ["s", "ms", "us", "ns", "scientific", "iso", "offset", "space", "utc", "local"] as const;

const drawn = fc.record({
  rows: candleNumbers,
  container: fc.constantFrom(
    "table",
    "table",
    "table",
    "klines",
    "six",
    "seven",
    "arrays",
    "objects",
    "lines",
    "answer",
  ),
  delimiter: fc.constantFrom(",", ";", "\t", "|"),
  decimalComma: fc.boolean(),
  names: fc.tuple(...NAMES.map((names) => fc.constantFrom(...names))),
  columns: fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], { minLength: 10, maxLength: 10 }),
  others: fc.shuffledSubarray(OTHERS, { minLength: 3, maxLength: 3 }),
  timeForm: fc.constantFrom(...TIME_FORMS),
  zone: fc.constantFrom(["UTC", 0] as const, ["Asia/Seoul", 9] as const, ["-03:30", -3.5] as const),
  offset: fc.constantFrom(["+00:00", 0] as const, ["+05:30", 5.5] as const, ["-0800", -8] as const),
  order: fc.constantFrom("oldest", "newest", "pages"),
  numbers: fc.constantFrom("plain", "exponent"),
  quoted: fc.boolean(),
  end: fc.constantFrom("\n", "\r\n"),
  mark: fc.boolean(),
  preamble: fc.constantFrom("", "https://www.example.org\n", "Made up, for a test\n# one,two\n\n"),
  doubled: fc.boolean(),
  headerAgain: fc.boolean(),
  packing: fc.constantFrom("plain", "plain", "gzip", "zip"),
});
type Drawn = typeof drawn extends fc.Arbitrary<infer Value> ? Value : never;

/** The same candles in every shape that a reader takes. */
export const shapedFiles: fc.Arbitrary<ShapedFile> = drawn.map((shape) => {
  const hasTurnover = shape.container !== "six";
  const rows = shape.rows.map((row): CandleNumbers => (hasTurnover ? row : without(row)));
  const { ordered, doubled } = inOrder(shape);
  const text = textOf(shape, ordered);
  const bytes = Buffer.from(shape.mark ? `\ufeff${text}` : text);
  const content =
    shape.packing === "gzip"
      ? gzipSync(bytes, { level: 1 })
      : shape.packing === "zip"
        ? zipped({ "a.csv": bytes })
        : bytes;
  const isLocal = timeFormOf(shape) === "local";
  return { content, timeZone: isLocal ? shape.zone[0] : undefined, rows, doubled };
});

function without([timeMs, open, high, low, close, volume]: CandleNumbers): CandleNumbers {
  return [timeMs, open, high, low, close, volume, Number.NaN];
}

function inOrder({ rows, order, doubled }: Drawn): {
  readonly ordered: CandleNumbers[];
  readonly doubled: number;
} {
  const [first, second] = [rows.slice(0, rows.length >> 1), rows.slice(rows.length >> 1)];
  const pages =
    order === "pages"
      ? [...first.reverse(), ...second.reverse()]
      : order === "newest"
        ? [...rows].reverse()
        : rows;
  const repeated = doubled ? pages[1] : undefined;
  if (repeated === undefined) return { ordered: [...pages], doubled: 0 };
  return { ordered: [...pages.slice(0, 2), repeated, ...pages.slice(2)], doubled: 1 };
}

function timeFormOf({ timeForm, container }: Drawn): (typeof TIME_FORMS)[number] {
  // A column named DATE beside one named Time of day would be another shape; JSON numbers have no nanoseconds.
  return container === "arrays" && timeForm === "ns" ? "us" : timeForm;
}

function timeText(timeMs: number, shape: Drawn): string {
  const iso = (hours = 0) => new Date(timeMs + hours * 3_600_000).toISOString().slice(0, 19);
  switch (timeFormOf(shape)) {
    case "s":
      return String(timeMs / 1_000);
    case "ms":
      return String(timeMs);
    case "us":
      return `${timeMs}000`;
    case "ns":
      return `${timeMs}000000`;
    case "scientific":
      return timeMs.toExponential();
    case "iso":
      return `${iso()}Z`;
    case "offset":
      return `${iso(shape.offset[1])}${shape.offset[0]}`;
    case "space":
      return `${iso().replace("T", " ")}+00:00`;
    case "utc":
      return `${iso().replace("T", " ")} UTC`;
    default:
      return iso(shape.zone[1]).replace("T", " ");
  }
}

function numberText(value: number, { numbers, decimalComma, delimiter, container }: Drawn): string {
  const text = numbers === "exponent" ? value.toExponential() : String(value);
  const isTable = ["table", "klines", "six", "seven"].includes(container);
  return isTable && decimalComma && delimiter !== "," ? text.replace(".", ",") : text;
}

function textOf(shape: Drawn, rows: readonly CandleNumbers[]): string {
  const texts = rows.map(([timeMs, ...values]) => [
    timeText(timeMs, shape),
    ...values.map((value) => numberText(value, shape)),
  ]);
  switch (shape.container) {
    case "klines":
      return tableText(
        shape,
        texts.map((cells) => [...cells.slice(0, 6), cells[0] ?? "", cells[6] ?? "", "12", "0", "0", "0"]),
      );
    case "six":
      return tableText(
        shape,
        texts.map((cells) => cells.slice(0, 6)),
      );
    case "seven":
      return tableText(shape, texts);
    case "table":
      return namedTable(shape, texts);
    case "arrays":
      return JSON.stringify(
        texts.map((cells) => cells.map((cell) => (/^[-\d.e+]+$/.test(cell) ? Number(cell) : cell))),
      );
    case "answer":
      return JSON.stringify({ retCode: 0, result: { list: texts }, time: 5 }, null, shape.quoted ? 1 : 0);
    default: {
      const objects = texts.map((cells) =>
        Object.fromEntries(cells.map((cell, k) => [shape.names[k] ?? "", cell])),
      );
      if (shape.container === "objects") return JSON.stringify(objects);
      return objects.map((one) => JSON.stringify(one)).join(shape.end);
    }
  }
}

function namedTable(shape: Drawn, texts: readonly (readonly string[])[]): string {
  const header = shape.columns.map((column) => shape.names[column] ?? shape.others[column - 7] ?? "");
  const lines = texts.map((cells) =>
    shape.columns.map((column) => cells[column] ?? (column === 8 ? "NaN" : "7")),
  );
  if (shape.headerAgain) lines.splice(1, 0, header);
  return shape.preamble + tableText(shape, [header, ...lines]);
}

function tableText({ delimiter, quoted, end }: Drawn, lines: readonly (readonly string[])[]): string {
  return lines
    .map((cells) => cells.map((cell) => (quoted ? `"${cell}"` : cell)).join(delimiter) + end)
    .join("");
}
