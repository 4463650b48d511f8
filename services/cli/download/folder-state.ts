import { join } from "node:path";
import { z } from "zod";
import { InputError } from "#libs/recordings/input-error.ts";
import { readIfThere, writeWhole } from "./atomic-file.ts";
import type { TimeRange } from "./coverage.ts";

/** Where recordings come from; those of different sources must not meet in one file. */
export type RecordingSource = "live" | "testnet" | "local";

const stateSchema = z.object({
  source: z.enum(["live", "testnet", "local"]),
  /** By symbol and interval: before this open time the exchange has no candle. */
  listings: z.record(z.string(), z.number()),
  /** By symbol: the settlements that the exchange was asked for. */
  funding: z.record(z.string(), z.object({ fromMs: z.number(), toMs: z.number() })),
});

/** What the recordings of a folder do not say themselves. */
export interface FolderState {
  listing(symbol: string, intervalMs: number): number | null;
  setListing(symbol: string, intervalMs: number, firstMs: number): Promise<void>;
  funding(symbol: string): TimeRange | null;
  setFunding(symbol: string, range: TimeRange): Promise<void>;
}

/** @throws InputError when the folder holds recordings of another source, or its state does not parse. */
export async function openState(workFolder: string, source: RecordingSource): Promise<FolderState> {
  const path = join(workFolder, "state.json");
  const state = parsedState(path, await readIfThere(path)) ?? { source, listings: {}, funding: {} };
  if (state.source !== source) {
    throw new InputError(
      `the folder holds recordings of ${NAMES[state.source]}, not of ${NAMES[source]}: choose another folder`,
    );
  }
  const save = () => writeWhole(path, `${JSON.stringify(state)}\n`);
  await save();
  const key = (symbol: string, intervalMs: number) => `${symbol}_${intervalMs / 60_000}`;
  return {
    listing: (symbol, intervalMs) => state.listings[key(symbol, intervalMs)] ?? null,
    async setListing(symbol, intervalMs, firstMs) {
      state.listings[key(symbol, intervalMs)] = firstMs;
      await save();
    },
    funding: (symbol) => state.funding[symbol] ?? null,
    async setFunding(symbol, range) {
      state.funding[symbol] = range;
      await save();
    },
  };
}

const NAMES: Readonly<Record<RecordingSource, string>> = {
  live: "the live exchange",
  testnet: "the test exchange",
  local: "an exchange on this machine",
};

function parsedState(path: string, text: string | null): z.infer<typeof stateSchema> | null {
  if (text === null) return null;
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new InputError(`${path} does not parse: delete it, and the exchange is asked again`, {
      cause: error,
    });
  }
}
