import { describe, expect, it } from "vitest";
import { ParameterReads } from "#libs/backtest/search/parameter-reads.ts";

interface Made {
  readonly same: number;
  readonly differs: number;
  readonly numbers: { readonly a: number; readonly b: number; readonly c: number };
  readonly list: { readonly ratios: readonly number[]; readonly width: number };
}
const RATIOS = [0.5];
const LIST = { ratios: RATIOS, width: 1 };
const SETS: readonly Made[] = [
  { same: 1, differs: 1, numbers: { a: 1, b: 1, c: 1 }, list: LIST },
  { same: 1, differs: 2, numbers: { a: 2, b: 1, c: 3 }, list: { ratios: RATIOS, width: 2 } },
  { same: 1, differs: 2, numbers: { a: 2, b: 1, c: 1 }, list: LIST },
];

/** The parameters of a set that notice, as a strategy gets them. */
function made(reads: ParameterReads, set: number): Made {
  return reads.readable[set]?.parameters as Made;
}

describe("parameters that notice what is read", () => {
  it("are those of the set, also when they are copied or listed", () => {
    const reads = new ParameterReads(SETS);
    for (const [k, set] of SETS.entries()) {
      expect({ ...made(reads, k), numbers: { ...made(reads, k).numbers } }).toEqual(set);
      expect(Object.keys(made(reads, k))).toEqual(Object.keys(set));
      expect(JSON.parse(JSON.stringify(made(reads, k)))).toEqual(set);
      expect(made(reads, k).list).toBe(set.list);
    }
  });

  it("differ in numbers, in numbers of a group, and in groups with a list as a whole", () => {
    const reads = new ParameterReads(SETS);
    expect(reads.parts).toBe(4);
    expect(reads.readable.map(({ values }) => values)).toEqual([
      [1, 1, 1, SETS[0]?.list],
      [2, 2, 3, SETS[1]?.list],
      [2, 2, 1, SETS[2]?.list],
    ]);
  });

  it("remember the deepest part that was read, whatever came after it", () => {
    const reads = new ParameterReads(SETS);
    // a, the list, differs, c.
    reads.rank([1, 3, 0, 2]);
    const { numbers, list } = made(reads, 0);
    reads.deepest = 0;
    expect(made(reads, 0).same + numbers.b + list.width).toBe(3);
    expect(reads.deepest).toBe(0);
    expect(made(reads, 0).list.width).toBe(1);
    expect(reads.deepest).toBe(2);
    expect(numbers.a).toBe(1);
    expect(reads.deepest).toBe(2);
    expect(numbers.c).toBe(1);
    expect(reads.deepest).toBe(4);
    expect(made(reads, 1).differs).toBe(2);
    expect(reads.deepest).toBe(4);
  });

  it("remember which parts were read", () => {
    const reads = new ParameterReads(SETS);
    reads.seen.fill(0);
    expect(made(reads, 1).differs + made(reads, 2).numbers.c).toBe(3);
    expect([...reads.seen]).toEqual([1, 0, 1, 0]);
  });

  it("differ in nothing when there is one set or none", () => {
    expect(new ParameterReads([]).parts).toBe(0);
    expect(new ParameterReads(SETS.slice(0, 1)).parts).toBe(0);
  });
});
