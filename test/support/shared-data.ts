import { existsSync } from "node:fs";
import path from "node:path";

const root = path.resolve(process.env.SHARED_DATA ?? "../shared");

/** A recorded file for the tests, or null when the recordings are not on this machine. */
export function sharedFile(name: string): string | null {
  const file = path.join(root, name);
  return existsSync(file) ? file : null;
}

/** Why a test on recordings was skipped. */
export const NO_RECORDINGS = `needs recorded data in ${root} (or set SHARED_DATA)`;
