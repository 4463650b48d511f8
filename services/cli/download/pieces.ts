import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { CandleRow } from "#libs/market/candle-recorder.ts";
import { isMissing, readIfThere, writeWhole } from "./atomic-file.ts";

const number = z.number();
const rowsSchema = z.array(z.tuple([number, number, number, number, number, number, number.nullable()]));

/** A part of a download on the disk. */
export interface Piece {
  readonly firstMs: number;
  readonly path: string;
}

/** The parts of one coin and interval that are not in its recording yet; the first open time is a part's name. */
export class Pieces {
  readonly #folder: string;

  constructor(workFolder: string, name: string) {
    this.#folder = join(workFolder, name);
  }

  /** In order of their first candle. */
  async list(): Promise<Piece[]> {
    const names = await readdir(this.#folder).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    return names
      .filter((name) => /^\d+\.json$/.test(name))
      .map((name) => ({ firstMs: Number.parseInt(name, 10), path: join(this.#folder, name) }))
      .sort((a, b) => a.firstMs - b.firstMs);
  }

  /** In order of time. A damaged part has no rows, so that it is fetched again. */
  async read(piece: Piece): Promise<CandleRow[]> {
    const text = (await readIfThere(piece.path)) ?? "[]";
    try {
      return rowsSchema
        .parse(JSON.parse(text))
        .map(([openTimeMs, open, high, low, close, volume, turnover]) => {
          return { openTimeMs, open, high, low, close, volume, turnover };
        });
    } catch {
      return [];
    }
  }

  async write(rows: readonly CandleRow[]): Promise<void> {
    const [first] = rows;
    if (first === undefined) return;
    await mkdir(this.#folder, { recursive: true });
    const columns = rows.map(({ openTimeMs, open, high, low, close, volume, turnover }) => {
      return [openTimeMs, open, high, low, close, volume, turnover];
    });
    await writeWhole(join(this.#folder, `${first.openTimeMs}.json`), JSON.stringify(columns));
  }

  async removeAll(): Promise<void> {
    await rm(this.#folder, { force: true, recursive: true });
  }
}
