import { Readable } from "node:stream";
import { createInflateRaw } from "node:zlib";
import { InputError } from "../input-error.ts";

/** The directory of a zip file is at its end, so the packed bytes are held as a whole. */
const MOST_PACKED_BYTES = 1_000_000_000;

const END_RECORD = 0x06054b50;
const END_RECORD_BYTES = 22;
const LONGEST_COMMENT = 65_535;
const DIRECTORY_ENTRY = 0x02014b50;
const DIRECTORY_ENTRY_BYTES = 46;
const LOCAL_ENTRY_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;
/** A size or offset of this value is written elsewhere, in a zip file of more than 4 GB. */
const ELSEWHERE = 0xffffffff;

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly isEncrypted: boolean;
  readonly packedBytes: number;
  readonly localOffset: number;
}

/**
 * The one file in a zip file.
 * @throws InputError when it is damaged, encrypted, or holds no file or several.
 */
export async function unzipped(path: string, packed: AsyncIterable<Buffer>): Promise<AsyncIterable<Buffer>> {
  const file = await whole(path, packed);
  const damaged = new InputError(`${path}: the zip file is damaged or cut off`);
  const entries = directoryOf(file, damaged).filter(({ name }) => isData(name));
  const [entry] = entries;
  if (entry === undefined) throw new InputError(`${path}: the zip file holds no file`);
  if (entries.length > 1) {
    const names = entries.slice(0, 3).map(({ name }) => JSON.stringify(name.slice(0, 80)));
    throw new InputError(
      `${path}: the zip file holds ${entries.length} files (${names.join(", ")}${entries.length > 3 ? ", ..." : ""}): ` +
        "unzip it and give the one that is meant",
    );
  }
  if (entry.isEncrypted) throw new InputError(`${path}: the zip file is encrypted: unzip it first`);
  const start = dataOffset(file, entry, damaged);
  const data = file.subarray(start, start + entry.packedBytes);
  if (entry.packedBytes === ELSEWHERE || data.length < entry.packedBytes) throw damaged;
  if (entry.method === STORED) return Readable.from([data]);
  if (entry.method === DEFLATED) return inflated(path, data);
  throw new InputError(
    `${path}: the zip file is packed in a way that is not known (${entry.method}): unzip it first`,
  );
}

/** Folders, and what a Mac adds to each file, are no data. */
function isData(name: string): boolean {
  return !name.endsWith("/") && !name.startsWith("__MACOSX/");
}

async function whole(path: string, packed: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of packed) {
    chunks.push(chunk);
    total += chunk.length;
    if (total > MOST_PACKED_BYTES)
      throw new InputError(`${path}: the zip file has more than 1 GB: unzip it first`);
  }
  return Buffer.concat(chunks);
}

function directoryOf(file: Buffer, damaged: InputError): Entry[] {
  const end = endRecordOf(file);
  if (end === null) throw damaged;
  const entries: Entry[] = [];
  let at = file.readUInt32LE(end + 16);
  for (let count = file.readUInt16LE(end + 10); count > 0; count--) {
    if (at + DIRECTORY_ENTRY_BYTES > file.length || file.readUInt32LE(at) !== DIRECTORY_ENTRY) throw damaged;
    const nameBytes = file.readUInt16LE(at + 28);
    const nameAt = at + DIRECTORY_ENTRY_BYTES;
    entries.push({
      name: file.toString("utf8", nameAt, nameAt + nameBytes),
      method: file.readUInt16LE(at + 10),
      isEncrypted: (file.readUInt16LE(at + 8) & ENCRYPTED) !== 0,
      packedBytes: file.readUInt32LE(at + 20),
      localOffset: file.readUInt32LE(at + 42),
    });
    at = nameAt + nameBytes + file.readUInt16LE(at + 30) + file.readUInt16LE(at + 32);
  }
  return entries;
}

function endRecordOf(file: Buffer): number | null {
  const last = file.length - END_RECORD_BYTES;
  for (let at = last; at >= Math.max(0, last - LONGEST_COMMENT); at--) {
    if (file.readUInt32LE(at) === END_RECORD) return at;
  }
  return null;
}

function dataOffset(file: Buffer, { localOffset }: Entry, damaged: InputError): number {
  if (localOffset + LOCAL_ENTRY_BYTES > file.length) throw damaged;
  return (
    localOffset +
    LOCAL_ENTRY_BYTES +
    file.readUInt16LE(localOffset + 26) +
    file.readUInt16LE(localOffset + 28)
  );
}

async function* inflated(path: string, data: Buffer): AsyncGenerator<Buffer> {
  try {
    yield* Readable.from([data]).pipe(createInflateRaw({ chunkSize: 1 << 18 }));
  } catch (error) {
    throw new InputError(`${path}: the zip file is damaged`, { cause: error });
  }
}
