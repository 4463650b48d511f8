/**
 * What a terminal would act on or hide: control characters (escape sequences among them), direction marks, invisible
 * and private characters, unpaired surrogates. A line break is one of them.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;

/** Foreign text in one line, safe for a terminal: unsafe characters are written as `\u{1b}`. */
export function safeLine(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** The same for text of several lines. */
export function safeLines(text: string): string {
  return text.replace(UNSAFE, (character) => (character === "\n" ? character : escaped(character)));
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** At most this many characters, ending with "..." when there were more. */
export function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 3)}...` : text;
}

const ROW = 16;

/** Bytes that are not text: their offset, sixteen of them in hexadecimal, and those that are ASCII. */
export function hexDump(bytes: Uint8Array): string {
  const rows: string[] = [];
  for (let at = 0; at < bytes.length; at += ROW) {
    const row = [...bytes.subarray(at, at + ROW)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const ascii = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
    rows.push(`${at.toString(16).padStart(8, "0")}  ${hex.padEnd(ROW * 3 - 1)}  ${ascii}`);
  }
  return rows.join("\n");
}
