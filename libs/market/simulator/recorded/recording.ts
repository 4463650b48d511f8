import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

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

/** The text of a file, unzipped when its name ends in `.gz`. */
export function readText(path: string): string {
  const bytes = readFileSync(path);
  if (!path.endsWith(".gz")) return bytes.toString("utf8");
  try {
    return gunzipSync(bytes).toString("utf8");
  } catch (error) {
    throw new RecordingError(`${path}: is no gzip file, or a damaged one`, { cause: error });
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
    throw failAt(0, `the header is ${JSON.stringify(lines[0]?.trim() ?? "")}, expected ${HEADER}`);
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
      if (!PLAIN_NUMBER.test(text)) throw failAt(line, `${name} is ${JSON.stringify(text)}, not a number`);
      return Number(text);
    };
    const startMs = number(0, "start_ms");
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
