import { link, open, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { InputError } from "#libs/recordings/input-error.ts";
import { readIfThere } from "./atomic-file.ts";

const ownerSchema = z.object({ pid: z.int().positive(), host: z.string(), token: z.string() });

/** The only download that writes into a folder. */
export interface FolderLock {
  /** @throws InputError when another download has taken the folder over. */
  assertHeld(): Promise<void>;
  release(): Promise<void>;
}

/**
 * Takes a folder for this process. The lock of a process that was killed is taken over.
 * @param workFolder must exist.
 * @throws InputError naming the process that has the folder.
 */
export async function lockFolder(
  workFolder: string,
  owner: { readonly pid: number; readonly token: string },
): Promise<FolderLock> {
  const path = join(workFolder, "lock");
  const mine = JSON.stringify({ ...owner, host: hostname() });
  for (let tries = 0; tries < 3; tries++) {
    if (await created(path, mine)) return heldLock(path, mine);
    const found = await readIfThere(path);
    if (found === null) continue;
    if (isAlive(found)) throw taken(path, found);
    await removeStale(path, found, owner.token);
  }
  throw taken(path, (await readIfThere(path)) ?? "");
}

function heldLock(path: string, mine: string): FolderLock {
  return {
    async assertHeld() {
      const found = await readIfThere(path);
      if (found !== mine) throw taken(path, found ?? "");
    },
    async release() {
      if ((await readIfThere(path)) === mine) await rm(path, { force: true });
    },
  };
}

/** The lock appears with its content, so that no other process reads an empty one. */
async function created(path: string, text: string): Promise<boolean> {
  const prepared = `${path}.${process.pid}.new`;
  const handle = await open(prepared, "w");
  await handle.writeFile(text);
  await handle.close();
  try {
    await link(prepared, path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(prepared, { force: true });
  }
}

/** Another process may have replaced the stale lock in the meantime: then its lock is put back. */
async function removeStale(path: string, stale: string, token: string): Promise<void> {
  const aside = `${path}.${token}`;
  await rename(path, aside).catch(() => {
    // Another process removed it first.
  });
  const removed = await readIfThere(aside);
  if (removed !== null && removed !== stale) {
    await link(aside, path).catch(() => {
      // A third process has the folder; the second one notices at its next write.
    });
  }
  await rm(aside, { force: true });
}

/** A process of another machine cannot be checked, so it counts as alive. */
function isAlive(text: string): boolean {
  const owner = parsed(text);
  if (owner === null) return false;
  if (owner.host !== hostname()) return true;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    // It runs and belongs to another user.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function parsed(text: string): z.infer<typeof ownerSchema> | null {
  try {
    return ownerSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

function taken(path: string, text: string): InputError {
  const owner = parsed(text);
  const who =
    owner === null ? "another download" : `another download (process ${owner.pid} on ${owner.host})`;
  return new InputError(
    `${who} writes into this folder: wait for it, or choose another folder; if it no longer runs, delete ${path}`,
  );
}
