import type { RowKind } from "../columns/row-kind.ts";
import type { RowSink, SourceFacts } from "../rows/row-sink.ts";
import type { TimeZone } from "../text/time-zone.ts";

/** Takes the bytes of a source in pieces, and hands on its rows. */
export interface SourceParser {
  /** @throws InputError when the rest cannot be understood either. */
  push(chunk: Buffer): void;
  /** @throws InputError when the source is not whole. */
  end(): void;
}

export interface ParserOptions {
  /** For messages. */
  readonly path: string;
  readonly kind: RowKind;
  /** Of text times that do not say it; null: not known. */
  readonly zone: TimeZone | null;
  readonly sink: RowSink;
  readonly facts: SourceFacts;
}
