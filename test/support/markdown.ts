/*
 * Reads as much of Markdown as the READMEs use: fenced blocks without a language, headings with `#`, tables whose
 * rows start with `|`, links within the page.
 */

const FENCED = /^```\n([\s\S]*?)^```$/gm;

/** The inside of each fenced block, in order. */
export function codeBlocks(text: string): readonly string[] {
  return [...text.matchAll(FENCED)].map((match) => match[1] ?? "");
}

/** The pipeline's drawing is the block with lines of nothing but a bar. */
export function isDiagram(block: string): boolean {
  return /^ +\|$/m.test(block);
}

/** The lines of the pipeline's drawing; none when there is no drawing. */
export function diagramOf(text: string): readonly string[] {
  return (codeBlocks(text).find(isDiagram) ?? "").split("\n").slice(0, -1);
}

/** Columns in a monospace font, where Hangul takes two. */
export function displayWidth(text: string): number {
  return [...text].reduce((sum, character) => sum + (/\p{Script=Hangul}/u.test(character) ? 2 : 1), 0);
}

export interface Heading {
  readonly level: number;
  /** What GitHub makes of the title for links: lower case, no punctuation, a hyphen for each space. */
  readonly anchor: string;
}

/** The headings in order; a `#` inside a fenced block is a comment of the shell. */
export function headings(text: string): readonly Heading[] {
  return [...text.replaceAll(FENCED, "").matchAll(/^(#+) (.+)$/gm)].map(([, marks = "", title = ""]) => ({
    level: marks.length,
    anchor: title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, "")
      .replaceAll(" ", "-"),
  }));
}

/** For each link within the page the index of the heading it leads to; -1 for one that leads nowhere. */
export function anchorTargets(text: string): readonly number[] {
  const anchors = headings(text).map(({ anchor }) => anchor);
  return [...text.matchAll(/\]\(#([^)]+)\)/g)].map((match) => anchors.indexOf(match[1] ?? ""));
}

/** The cells of every table row, in order, separators included; an escaped bar is part of its cell. */
export function tableRows(text: string): readonly (readonly string[])[] {
  return [...text.replaceAll(FENCED, "").matchAll(/^\|(.*)\|$/gm)].map((match) =>
    (match[1] ?? "").split(/(?<!\\)\|/).map((cell) => cell.trim()),
  );
}

/** Of each table row that ends in a price: the price, and all numbers of the row, whose order a language may change. */
export function costRows(
  text: string,
): readonly { readonly price: string; readonly numbers: readonly string[] }[] {
  return tableRows(text)
    .map((cells) => ({ price: cells.at(-1) ?? "", row: cells.join(" ") }))
    .filter(({ price }) => /^(\*\*)?\$[\d.]+(\*\*)?$/.test(price))
    .map(({ price, row }) => ({ price, numbers: (row.match(/\d+(\.\d+)?/g) ?? []).sort() }));
}
