import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { InputError } from "../input-error.ts";
import { unzipped } from "./unzip.ts";

/** How a file is called that is read from standard input. */
export const STANDARD_INPUT = "-";

/** Thirty years of minutes. A small file that unzips to more is not a recording. */
const MOST_UNZIPPED_BYTES = 2_000_000_000;

const CHUNK_BYTES = 1 << 18;
const MAGIC_BYTES = 4;

export interface OpenedSource {
  readonly chunks: AsyncIterable<Buffer>;
  readonly packing: "gzip" | "zip" | null;
}

/**
 * The bytes of a file, a pipe or standard input, read once and in order. What is zipped is recognised by its content
 * and not by its name.
 * @throws InputError, also while the chunks are read, when there is nothing to read or it is damaged.
 */
export async function openSource(path: string): Promise<OpenedSource> {
  const bytes = chunksOf(path)[Symbol.asyncIterator]();
  const head = await firstBytes(bytes);
  const rest = chained(head, bytes);
  if (head[0] === 0x1f && head[1] === 0x8b) return { chunks: asUtf8(gunzipped(path, rest)), packing: "gzip" };
  if (head.length >= MAGIC_BYTES && head.readUInt32LE(0) === 0x04034b50) {
    return { chunks: asUtf8(limited(path, await unzipped(path, rest))), packing: "zip" };
  }
  return { chunks: asUtf8(rest), packing: null };
}

async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  try {
    yield* path === STANDARD_INPUT ? process.stdin : createReadStream(path, { highWaterMark: CHUNK_BYTES });
  } catch (error) {
    throw new InputError(`${path}: ${fileProblem(error)}`, { cause: error });
  }
}

/** A pipe may give its first bytes one by one. */
async function firstBytes(bytes: AsyncIterator<Buffer>): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < MAGIC_BYTES) {
    const next = await bytes.next();
    if (next.done === true) break;
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
  }
  return head;
}

async function* chained(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield head;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

async function* gunzipped(path: string, packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const source = Readable.from(packed, { objectMode: false, highWaterMark: CHUNK_BYTES });
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  source.once("error", (error) => gunzip.destroy(error));
  try {
    yield* limited(path, source.pipe(gunzip));
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${path}: ${fileProblem(error)}`, { cause: error });
  } finally {
    source.destroy();
  }
}

async function* limited(path: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let total = 0;
  for await (const chunk of chunks) {
    total += chunk.length;
    if (total > MOST_UNZIPPED_BYTES) {
      throw new InputError(
        `${path}: unzips to more than ${MOST_UNZIPPED_BYTES / 1e9} GB, which no recording has: give it unzipped if it is one`,
      );
    }
    yield chunk;
  }
}

/** What a spreadsheet calls Unicode text is UTF-16, in either order of bytes. */
async function* asUtf8(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let decoder: InstanceType<typeof TextDecoder> | null | undefined;
  for await (const chunk of chunks) {
    if (decoder === undefined) {
      const mark = chunk.length < 2 ? 0 : chunk.readUInt16BE(0);
      decoder =
        mark === 0xfffe || mark === 0xfeff
          ? new TextDecoder(mark === 0xfffe ? "utf-16le" : "utf-16be")
          : null;
    }
    yield decoder === null ? chunk : Buffer.from(decoder.decode(chunk, { stream: true }));
  }
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
