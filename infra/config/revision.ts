import { execFileSync } from "node:child_process";

/**
 * The git revision of the work tree, with `-dirty` if it has changes, as the version stored with positions; `unknown`
 * without git or a repository (a downloaded archive).
 */
export function workTreeRevision(): string {
  try {
    const describe = ["describe", "--always", "--dirty", "--abbrev=12"];
    return execFileSync("git", describe, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    // A missing revision must not prevent a deployment.
    return "unknown";
  }
}
