import fc from "fast-check";

/** Arrays in arrays: deeper than any schema, less deep than what serialising on the way in could stand. */
function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

/** The only way to an object with `__proto__` as a key of its own, as it comes out of a parser. */
function withKey(key: string, value: unknown): unknown {
  return JSON.parse(`{${JSON.stringify(key)}:${JSON.stringify(value)}}`);
}

/** Keys and words that mean something to JavaScript, to JSON, or to a careless lookup. */
export const TRAP_WORDS = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "valueOf",
  "hasOwnProperty",
  "length",
  "null",
  "undefined",
  "true",
  "NaN",
] as const;

/** Texts that a lenient reader takes for numbers, and numbers at the ends of what there is. */
const NUMBER_TEXTS = [
  "0",
  "-0",
  "-1",
  "007",
  "1e1",
  "1E+2",
  "1e999",
  "-1e999",
  "1e-400",
  "0x10",
  "0b11",
  "0o17",
  "1_000",
  "1,5",
  ".5",
  "5.",
  ".",
  "+7",
  " 5 ",
  "5\n",
  "\u00a05",
  "٣",
  "５",
  "Infinity",
  "-Infinity",
  "NaN",
  "1e",
  "--1",
  "9007199254740993",
  "99999999999999999999",
  "0.1000000000000000055511151231257827",
  "9".repeat(400),
  `0.${"0".repeat(330)}1`,
] as const;

const NUMBERS = [
  0,
  -0,
  -1,
  1,
  0.5,
  2.5,
  5e-324,
  -5e-324,
  1e21,
  1e300,
  Number.MAX_VALUE,
  Number.MAX_SAFE_INTEGER,
  Number.MAX_SAFE_INTEGER + 1,
  8.64e15,
  8.64e15 + 1,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 53,
  1_000_000_000,
  10_000_000_000,
] as const;

/** Texts on which a careless regular expression or a loop in a loop would not come back. */
const LONG_TEXTS = [
  `${"1".repeat(50_000)}x`,
  `a${"1".repeat(60)}!`,
  `${"aB1".repeat(40)}!`,
  `${"a_".repeat(5_000)}`,
  `${"1.".repeat(5_000)}`,
  `${" ".repeat(20_000)}x`,
  `${"1:1,".repeat(5_000)}`,
  `${"é".repeat(300)}`,
  `${"symbol ".repeat(3_000)}`,
  `a@${"a.".repeat(5_000)}`,
] as const;

/** A text of about a megabyte: rarely drawn, for it is what costs. */
const HUGE_TEXT = "9".repeat(1_000_000);

export const badText: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: fc.constantFrom(...NUMBER_TEXTS), weight: 30 },
  { arbitrary: fc.constantFrom(...TRAP_WORDS), weight: 10 },
  { arbitrary: fc.constantFrom("", " ", "\u0000", "\ufeff", "\ud800", "\r\n", "💥", "a\u0000b"), weight: 10 },
  { arbitrary: fc.string({ maxLength: 20 }), weight: 20 },
  { arbitrary: fc.string({ unit: "binary", maxLength: 20 }), weight: 10 },
  { arbitrary: fc.integer().map(String), weight: 10 },
  { arbitrary: fc.double().map(String), weight: 10 },
  { arbitrary: fc.constantFrom(...LONG_TEXTS), weight: 2 },
);

const DEEP = nested(500);
const WIDE = Array.from({ length: 2_000 }, (_, i) => (i % 2 === 0 ? i : "x"));

/** A value of any JSON type that has no business where it is put. */
export const badValue: fc.Arbitrary<unknown> = fc.oneof(
  { arbitrary: fc.constantFrom<unknown>(...NUMBERS), weight: 30 },
  { arbitrary: badText, weight: 30 },
  { arbitrary: fc.constantFrom<unknown>(null, true, false, [], {}, [[]], [null], [{}]), weight: 15 },
  { arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }), weight: 10 },
  { arbitrary: fc.integer(), weight: 10 },
  {
    arbitrary: fc
      .tuple(fc.constantFrom(...TRAP_WORDS, ...LONG_TEXTS.slice(1, 4)), badText)
      .map(([key, value]) => withKey(key, value)),
    weight: 8,
  },
  { arbitrary: fc.constantFrom<unknown>(nested(40), nested(200)), weight: 2 },
  { arbitrary: fc.constantFrom<unknown>(DEEP, WIDE), weight: 1 },
);

/** Bytes that are no text of ours: noise, pages, cut-off and endless structures. */
export const badBytes: fc.Arbitrary<Buffer> = fc.oneof(
  { arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)), weight: 40 },
  {
    arbitrary: fc
      .constantFrom(
        "",
        " ",
        "null",
        "0",
        '""',
        "[]",
        "{}",
        '{"a":',
        "[".repeat(50),
        "\u0000".repeat(8),
        "\ufeff{}",
        "<!DOCTYPE html><html><body>502 Bad Gateway</body></html>",
        '{"__proto__":{"retCode":0}}',
        "NaN",
        "undefined",
        "'single'",
        "{}{}",
        "1e999",
      )
      .map((text) => Buffer.from(text)),
    weight: 40,
  },
  { arbitrary: badText.map((text) => Buffer.from(text)), weight: 20 },
);

/** What costs milliseconds each to look at; mixed in by whoever reads them one in thousands. */
export const hugeBytes: fc.Arbitrary<Buffer> = fc
  .constantFrom(
    `${"[".repeat(200_000)}${"]".repeat(200_000)}`,
    `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`,
    `"${HUGE_TEXT}"`,
    HUGE_TEXT,
    " ".repeat(1_000_000),
    `[${"1,".repeat(300_000)}1]`,
  )
  .map((text) => Buffer.from(text));
