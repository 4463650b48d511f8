import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { InputError } from "./input-error.ts";
import { LineParser, type RowSink, type TableShape } from "./line-parser.ts";

/**
 * Reads a CSV file of numbers, plain or gzipped (told by its content, not its name), row by row: the file is
 * never in memory as a whole.
 * @param onRow gets the values of each row (reused for the next one) and answers what is wrong with it, or null.
 * @throws InputError naming the file, the line and the reason.
 */
export async function readTable(path: string, shape: TableShape, onRow: RowSink): Promise<void> {
  const parser = new LineParser(path, shape, onRow);
  try {
    for await (const chunk of await openText(path)) parser.push(chunk);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${path}: ${fileProblem(error)}`, { cause: error });
  }
  parser.end();
}

async function openText(path: string): Promise<Readable> {
  const file = await open(path);
  const magic = Buffer.alloc(2);
  try {
    await file.read(magic, 0, 2, 0);
  } finally {
    await file.close();
  }
  const source = createReadStream(path, { highWaterMark: 1 << 18 });
  if (magic[0] !== 0x1f || magic[1] !== 0x8b) return source;
  const gunzip = createGunzip({ chunkSize: 1 << 18 });
  source.once("error", (error) => gunzip.destroy(error));
  return source.pipe(gunzip);
}

function fileProblem(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "ENOENT":
      return "there is no such file";
    case "EISDIR":
      return "this is a folder, a file is needed";
    case "EACCES":
      return "the file may not be read by this user";
    case "Z_BUF_ERROR":
      return "the gzip file is cut off: it ends in the middle of its data";
    case "Z_DATA_ERROR":
      return "the gzip file is damaged";
    default:
      return `the file cannot be read (${error instanceof Error ? error.message : String(error)})`;
  }
}
