import { execFileSync } from "node:child_process";

/**
 * The git revision of the work tree, `-dirty` when it has changes, as the version that positions carry;
 * `unknown` where there is no git or no repository (a downloaded archive).
 */
export function workTreeRevision(): string {
  try {
    const describe = ["describe", "--always", "--dirty", "--abbrev=12"];
    return execFileSync("git", describe, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    // A missing revision must not keep anyone from deploying.
    return "unknown";
  }
}
