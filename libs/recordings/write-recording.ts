import { createHash, type Hash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { InputError } from "./input-error.ts";
import {
  CANDLE_HEADER,
  type CandleRow,
  candleLine,
  FUNDING_HEADER,
  fundingLine,
  type SettledRate,
} from "./own-format.ts";

/** Writes one file row by row. The file has its name only once it is whole, so a reader never sees a part of it. */
export interface RecordingWriter<Row> {
  /**
   * Takes rows in order of time.
   * @throws RangeError when a row is not later than the one before it or holds what is no number.
   */
  write(rows: Iterable<Row>): Promise<void>;
  /**
   * Reads what was written back from the disk, compares it, and puts it in the place of the file.
   * @throws InputError when the file cannot be written or does not read as it was written; the old file stays.
   */
  commit(): Promise<{ readonly rows: number }>;
  /** Gives up: the old file stays as it is. Does nothing after `commit`. */
  discard(): Promise<void>;
}

/** @param path ends in `.csv` or `.csv.gz`. */
export function writeCandles(path: string): Promise<RecordingWriter<CandleRow>> {
  return openWriter(path, CANDLE_HEADER, {
    lineOf: candleLine,
    timeOf: (row) => row.openTimeMs,
    isNumeric: ({ openTimeMs, open, high, low, close, volume, turnover }) =>
      [openTimeMs, open, high, low, close, volume, turnover ?? 0].every(Number.isFinite),
  });
}

/** @param path ends in `.csv` or `.csv.gz`. */
export function writeFunding(path: string): Promise<RecordingWriter<SettledRate>> {
  return openWriter(path, FUNDING_HEADER, {
    lineOf: fundingLine,
    timeOf: (row) => row.timeMs,
    isNumeric: ({ timeMs, rate }) => [timeMs, rate].every(Number.isFinite),
  });
}

interface RowFormat<Row> {
  readonly lineOf: (row: Row) => string;
  readonly timeOf: (row: Row) => number;
  readonly isNumeric: (row: Row) => boolean;
}

/** Text is handed to the stream in pieces of about this size. */
const PIECE_CHARACTERS = 1 << 16;

async function openWriter<Row>(
  path: string,
  header: string,
  format: RowFormat<Row>,
): Promise<RecordingWriter<Row>> {
  const temporary = `${path}.partial`;
  const file = createWriteStream(temporary);
  try {
    await once(file, "open");
  } catch (error) {
    throw writeError(path, error);
  }
  const writer = new FileWriter(path, temporary, file, format);
  await writer.text(`${header}\n`);
  return writer;
}

class FileWriter<Row> implements RecordingWriter<Row> {
  readonly #path: string;
  readonly #temporary: string;
  readonly #format: RowFormat<Row>;
  readonly #sink: Writable;
  /** Settles when the file is closed; holds a failure of any stream until it is asked for. */
  readonly #closed: Promise<Error | null>;
  readonly #written: Hash = createHash("sha256");
  #lastMs = Number.NEGATIVE_INFINITY;
  #rows = 0;
  #isOver = false;

  constructor(path: string, temporary: string, file: Writable, format: RowFormat<Row>) {
    this.#path = path;
    this.#temporary = temporary;
    this.#format = format;
    this.#closed = finished(file).then(
      () => null,
      (error: Error) => error,
    );
    this.#sink = file;
    if (path.endsWith(".gz")) {
      const gzip = createGzip();
      gzip.pipe(file);
      file.once("error", (error) => gzip.destroy(error));
      gzip.once("error", () => {});
      this.#sink = gzip;
    }
  }

  async write(rows: Iterable<Row>): Promise<void> {
    let piece = "";
    for (const row of rows) {
      const timeMs = this.#format.timeOf(row);
      if (!this.#format.isNumeric(row)) throw new RangeError(`a row at ${timeMs} holds what is no number`);
      if (timeMs <= this.#lastMs)
        throw new RangeError(`a row at ${timeMs} does not come after ${this.#lastMs}`);
      this.#lastMs = timeMs;
      this.#rows++;
      piece += this.#format.lineOf(row);
      if (piece.length < PIECE_CHARACTERS) continue;
      await this.text(piece);
      piece = "";
    }
    if (piece !== "") await this.text(piece);
  }

  async text(piece: string): Promise<void> {
    this.#written.update(piece);
    if (this.#sink.write(piece)) return;
    const failure = await Promise.race([once(this.#sink, "drain").then(() => null), this.#closed]);
    if (failure !== null) throw writeError(this.#path, failure);
  }

  async commit(): Promise<{ readonly rows: number }> {
    this.#isOver = true;
    try {
      this.#sink.end();
      const failure = await this.#closed;
      if (failure !== null) throw failure;
      await this.#verify();
      await synced(this.#temporary);
      await rename(this.#temporary, this.#path);
      await synced(dirname(this.#path));
    } catch (error) {
      await rm(this.#temporary, { force: true });
      throw error instanceof InputError ? error : writeError(this.#path, error);
    }
    return { rows: this.#rows };
  }

  async discard(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#sink.end();
    await this.#closed;
    await rm(this.#temporary, { force: true });
  }

  async #verify(): Promise<void> {
    const source = createReadStream(this.#temporary);
    const text = this.#path.endsWith(".gz") ? source.pipe(createGunzip()) : source;
    source.once("error", (error) => text.destroy(error));
    const found = createHash("sha256");
    for await (const chunk of text) found.update(chunk);
    if (found.digest("hex") === this.#written.digest("hex")) return;
    throw new InputError(`${this.#path}: what was written does not read back the same: is the disk sound?`);
  }
}

async function synced(path: string): Promise<void> {
  const handle = await open(path);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function writeError(path: string, error: unknown): InputError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const reason =
    code === "ENOENT"
      ? "its folder does not exist"
      : code === "EACCES" || code === "EROFS"
        ? "the folder may not be written by this user"
        : code === "ENOSPC"
          ? "the disk is full"
          : error instanceof Error
            ? error.message
            : String(error);
  return new InputError(`${path}: the file cannot be written: ${reason}`, { cause: error });
}
