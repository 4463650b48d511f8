/**
 * What a terminal would act on or hide: control characters (escape sequences among them), marks that turn the
 * direction of writing, invisible and private ones, halves of pairs. A line break is one of them.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;

/** Somebody else's text in one line, fit for a terminal: what is unsafe is written as `\u{1b}`. */
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

/** At most so many characters, of which the end is "..." when there were more. */
export function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 3)}...` : text;
}

const ROW = 16;

/** Bytes that are no text: their place, sixteen of them in hexadecimal, and what of them is ASCII. */
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
