import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { readCandleTable } from "#libs/recordings/read-candles.ts";
import { shapedFiles } from "#test/support/factories/candle-shapes.ts";

const folder = mkdtempSync(join(tmpdir(), "candle-shapes-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("candles in any shape", () => {
  it("read as the same candles", async () => {
    const path = join(folder, "shape");
    await fc.assert(
      fc.asyncProperty(shapedFiles, async ({ content, timeZone, rows, doubled }) => {
        writeFileSync(path, content);
        const { table, summary } = await readCandleTable(path, timeZone === undefined ? {} : { timeZone });
        const columns = [
          table.openTimeMs,
          table.open,
          table.high,
          table.low,
          table.close,
          table.volume,
          table.turnover,
        ];
        for (const [k, column] of columns.entries()) {
          expect([...column]).toEqual(rows.map((row) => row[k] ?? Number.NaN));
        }
        expect(summary.includes("equal duplicate")).toBe(doubled > 0);
      }),
      { numRuns: 500 },
    );
  });
});
