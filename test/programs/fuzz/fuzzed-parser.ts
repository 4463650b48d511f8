import fc from "fast-check";

/** What a parser does with one input: it was taken, or refused in words for people. */
export type Verdict = { readonly kind: "accepted" } | { readonly kind: "refused"; readonly message: string };

export interface Opened<Input, Value> {
  /** Bad ones, and some good ones. */
  readonly inputs: fc.Arbitrary<Input>;
  /** Reads an input, or throws one of `refusals`. */
  readonly read: (input: Input) => Promise<Value> | Value;
  /** The only errors that may come out. */
  readonly refusals: readonly (abstract new (
    ...args: never[]
  ) => Error)[];
  /** Throws when what was taken is not what the input says. */
  readonly verify: (input: Input, value: Value) => void;
  /** Texts of which a refusal must hold at least one: the field, the line, the option. */
  readonly names: (input: Input) => readonly string[];
  /** Texts that no refusal may hold. */
  readonly secrets?: (input: Input) => readonly string[];
  readonly close?: () => Promise<void>;
}

/** One place where data from outside is read. */
export interface FuzzedParser {
  readonly name: string;
  /** Opens what the parser needs; the property throws when the parser is wrong about an input. */
  open(): Promise<{
    readonly property: (onVerdict: (verdict: Verdict) => void) => fc.IAsyncProperty<[unknown]>;
    readonly close: () => Promise<void>;
  }>;
}

/** A refusal is one log line: a megabyte of input must not become a megabyte of log. */
const LONGEST_MESSAGE = 8_000;
/** Shrinking a large input is bounded: a large counterexample is one all the same. */
const MOST_SHRINKS = 400;

/** A refusal of a parser that answers instead of throwing. */
export class Refused extends Error {
  override readonly name = "Refused";
}

export function fuzzedParser<Input, Value>(
  name: string,
  open: () => Promise<Opened<Input, Value>> | Opened<Input, Value>,
): FuzzedParser {
  return {
    name,
    async open() {
      const opened = await open();
      return {
        property: (onVerdict) =>
          fc.asyncProperty(
            fc.limitShrink(opened.inputs, MOST_SHRINKS) as fc.Arbitrary<unknown>,
            async (input) => {
              // The arbitrary above is that of `opened`.
              onVerdict(await verdictOn(opened, input as Input));
            },
          ),
        close: opened.close ?? (() => Promise.resolve()),
      };
    },
  };
}

async function verdictOn<Input, Value>(parser: Opened<Input, Value>, input: Input): Promise<Verdict> {
  let value: Value;
  try {
    value = await parser.read(input);
  } catch (error) {
    if (!(error instanceof Error) || !parser.refusals.some((known) => error instanceof known)) throw error;
    assertSpeaks(parser, input, error);
    return { kind: "refused", message: error.message };
  }
  parser.verify(input, value);
  return { kind: "accepted" };
}

function assertSpeaks<Input, Value>(
  parser: Opened<Input, Value>,
  input: Input,
  { name, message }: Error,
): void {
  if (message.length > LONGEST_MESSAGE) {
    throw new Error(`the refusal has ${message.length} characters: ${message.slice(0, 300)}...`);
  }
  const names = parser.names(input);
  if (!names.some((one) => message.includes(one))) {
    throw new Error(`${name} "${message}" names none of ${names.join(", ")}`);
  }
  const leaked = parser.secrets?.(input).find((secret) => message.includes(secret));
  if (leaked !== undefined) throw new Error(`the refusal tells the secret ${leaked}: ${message}`);
}
