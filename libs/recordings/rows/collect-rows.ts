import type { RowKind } from "../columns/row-kind.ts";
import { InputError } from "../input-error.ts";
import { JsonParser } from "../json/json-parser.ts";
import type { ReadOptions } from "../read-options.ts";
import { openSource } from "../source/open-source.ts";
import type { ParserOptions, SourceParser } from "../source/source-parser.ts";
import { TableParser } from "../text/table-parser.ts";
import { parseTimeZone } from "../text/time-zone.ts";
import { CollectedRows } from "./collected-rows.ts";
import { newFacts, type SourceFacts } from "./row-sink.ts";

export interface Collected {
  readonly rows: CollectedRows;
  /** Of each file: how it is written. */
  readonly sources: readonly Source[];
}

export interface Source {
  readonly path: string;
  readonly packing: "gzip" | "zip" | null;
  readonly facts: SourceFacts;
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const OPENINGS = new Set(["[", "{"]);

/**
 * Reads the rows of files, one after the other.
 * @param problemOf what is impossible about a row that could be read, or null.
 * @throws InputError when a file cannot be read or understood; what is wrong with single rows is collected.
 */
export async function collectRows(
  paths: readonly string[],
  kind: RowKind,
  problemOf: (values: Float64Array) => string | null,
  options: ReadOptions,
): Promise<Collected> {
  const rows = new CollectedRows(kind, problemOf);
  const zone = options.timeZone === undefined ? null : parseTimeZone(options.timeZone);
  const sources: Source[] = [];
  for (const path of paths) {
    const { chunks, packing } = await openSource(path);
    let parser: SourceParser | null = null;
    let facts = newFacts("line");
    for await (const chunk of chunks) {
      if (parser === null) {
        const isJson = looksLikeJson(chunk);
        facts = newFacts(isJson ? "row" : "line");
        rows.startSource(path, facts);
        const parserOptions: ParserOptions = { path, kind, zone, sink: rows, facts };
        parser = isJson ? new JsonParser(parserOptions) : new TableParser(parserOptions);
        parser.push(isJson ? withoutMark(chunk) : chunk);
      } else {
        parser.push(chunk);
      }
    }
    parser ??= new TableParser({ path, kind, zone, sink: rows, facts });
    parser.end();
    const other = sources.find((source) => source.facts.symbol !== null);
    if (facts.symbol !== null && other !== undefined && other.facts.symbol !== facts.symbol) {
      throw new InputError(
        `${path}: its rows are of ${JSON.stringify(facts.symbol.slice(0, 60))}, those of ${other.path} are of ` +
          `${JSON.stringify(other.facts.symbol?.slice(0, 60))}: give files of one coin`,
      );
    }
    sources.push({ path, packing, facts });
  }
  return { rows, sources };
}

function looksLikeJson(chunk: Buffer): boolean {
  return OPENINGS.has(withoutMark(chunk).toString("latin1", 0, 1_000).trimStart().slice(0, 1));
}

function withoutMark(chunk: Buffer): Buffer {
  return chunk.subarray(0, 3).equals(BYTE_ORDER_MARK) ? chunk.subarray(3) : chunk;
}
