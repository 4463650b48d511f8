import { open, readFile, rename } from "node:fs/promises";

/** Writes a small file so that a reader, and a crash, see all of it or the one before. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.partial`;
  const handle = await open(temporary, "w");
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
}

/** Null when there is none. */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
