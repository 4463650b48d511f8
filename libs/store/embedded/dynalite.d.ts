/** dynalite 4 ships no types; these are the parts in use. */
declare module "dynalite" {
  import type { Server } from "node:http";

  interface DynaliteOptions {
    /** How long a new table stays in CREATING, milliseconds. Default 500. */
    readonly createTableMs?: number;
    readonly deleteTableMs?: number;
    readonly updateTableMs?: number;
    /** Folder of a LevelDB store; in memory without it. */
    readonly path?: string;
  }

  export default function dynalite(options?: DynaliteOptions): Server;
}
