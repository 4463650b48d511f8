import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { shownValue } from "#libs/contracts/shown-value.ts";

/** A recorded file that cannot be used. The message names the file, the line and the reason. */
export class RecordingError extends Error {
  override readonly name = "RecordingError";
}

/** The candles of one file, ascending, holes possible. Prices and volumes are whole units of its decimals. */
export interface Recording {
  readonly file: string;
  readonly intervalMs: number;
  readonly length: number;
  readonly priceDecimals: number;
  readonly quantityDecimals: number;
  readonly openMs: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  /** In ten-thousandths of the quote coin. Where the file has none: volume times close. */
  readonly turnover: Float64Array;
}

const HEADER = "start_ms,open,high,low,close,volume,turnover";
const PLAIN_NUMBER = /^\d+(?:\.\d+)?$/;
/** Figures become whole units of their last decimal, which a double holds up to 15 digits or so. */
const MOST_DIGITS = 24;
/** Open times of recordings: from 2005 to 2200. */
const EARLIEST_MS = Date.UTC(2005, 0);
const LATEST_MS = Date.UTC(2200, 0);

/** Ten years of minutes have 300 MB, and a text of more than 512 MB cannot be held. */
const LARGEST_TEXT_BYTES = 400_000_000;

/**
 * The text of a file, unzipped when its name ends in `.gz`.
 * @throws RecordingError when it cannot be read, is damaged, or holds more than any recording.
 */
export function readText(path: string): string {
  const bytes = bytesOf(path);
  if (bytes.length > LARGEST_TEXT_BYTES) throw new RecordingError(`${path}: ${TOO_LARGE}`);
  if (!path.endsWith(".gz")) return bytes.toString("utf8");
  try {
    return gunzipSync(bytes, { maxOutputLength: LARGEST_TEXT_BYTES }).toString("utf8");
  } catch (error) {
    const tooLarge = error instanceof RangeError && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
    throw new RecordingError(`${path}: ${tooLarge ? TOO_LARGE : "not a gzip file, or damaged"}`, {
      cause: error,
    });
  }
}

const TOO_LARGE = `has more than ${LARGEST_TEXT_BYTES / 1e6} MB of text, which no recording has`;

function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RecordingError(`${path}: cannot be read: ${reason}`, { cause: error });
  }
}

/**
 * Reads a candle file: header `start_ms,open,high,low,close,volume,turnover`, open times ascending and
 * aligned to the interval; turnover may be empty.
 * @throws RecordingError with file and line at the first row that cannot be true.
 */
export function readRecording(path: string, file: string, intervalMs: number): Recording {
  const lines = readText(path).split("\n");
  const failAt = (line: number, reason: string) => new RecordingError(`${file} line ${line + 1}: ${reason}`);
  if (lines[0]?.trim() !== HEADER) {
    throw failAt(0, `the header is ${shownValue(lines[0]?.trim() ?? "")}, expected ${HEADER}`);
  }
  while (lines.length > 1 && lines.at(-1)?.trim() === "") lines.pop();
  const rows = lines.length - 1;
  if (rows === 0) throw failAt(1, "there is no candle");

  const openMs = new Float64Array(rows);
  const open = new Float64Array(rows);
  const high = new Float64Array(rows);
  const low = new Float64Array(rows);
  const close = new Float64Array(rows);
  const volume = new Float64Array(rows);
  const turnover = new Float64Array(rows);
  let priceDecimals = 0;
  let quantityDecimals = 0;
  let previousMs = Number.NEGATIVE_INFINITY;

  for (let i = 0; i < rows; i++) {
    const line = i + 1;
    const fields = (lines[line] ?? "").trim().split(",");
    if (fields.length !== 7) throw failAt(line, `${fields.length} fields, expected 7`);
    const number = (index: number, name: string): number => {
      const text = fields[index] ?? "";
      if (text.length > MOST_DIGITS || !PLAIN_NUMBER.test(text)) {
        throw failAt(line, `${name} is ${shownValue(text)}, not a number of at most ${MOST_DIGITS} digits`);
      }
      return Number(text);
    };
    const startMs = number(0, "start_ms");
    if (startMs < EARLIEST_MS || startMs > LATEST_MS) {
      throw failAt(line, `start_ms ${startMs} is no time in milliseconds between 2005 and 2200`);
    }
    if (startMs % intervalMs !== 0) throw failAt(line, `start_ms ${startMs} is not on the interval`);
    if (startMs <= previousMs) throw failAt(line, `start_ms ${startMs} does not come after ${previousMs}`);
    previousMs = startMs;
    openMs[i] = startMs;
    const o = number(1, "open");
    const h = number(2, "high");
    const l = number(3, "low");
    const c = number(4, "close");
    if (l <= 0) throw failAt(line, `low ${l} is not a price`);
    if (h < Math.max(o, c)) throw failAt(line, `high ${h} is below open ${o} or close ${c}`);
    if (l > Math.min(o, c)) throw failAt(line, `low ${l} is above open ${o} or close ${c}`);
    open[i] = o;
    high[i] = h;
    low[i] = l;
    close[i] = c;
    volume[i] = number(5, "volume");
    turnover[i] = fields[6] === "" ? (volume[i] ?? 0) * c : number(6, "turnover");
    for (let field = 1; field <= 4; field++) {
      priceDecimals = Math.max(priceDecimals, decimalsOf(fields[field] ?? ""));
    }
    quantityDecimals = Math.max(quantityDecimals, decimalsOf(fields[5] ?? ""));
  }
  for (const column of [open, high, low, close]) toUnits(column, 10 ** priceDecimals);
  toUnits(volume, 10 ** quantityDecimals);
  toUnits(turnover, 10_000);
  return {
    file,
    intervalMs,
    length: rows,
    priceDecimals,
    quantityDecimals,
    openMs,
    open,
    high,
    low,
    close,
    volume,
    turnover,
  };
}

function decimalsOf(text: string): number {
  const point = text.indexOf(".");
  return point < 0 ? 0 : text.length - point - 1;
}

function toUnits(column: Float64Array, factor: number): void {
  for (let i = 0; i < column.length; i++) column[i] = Math.round((column[i] ?? 0) * factor);
}
