const COLUMNS = 80;
/** Of the lines that continue one. */
const INDENT = "  ";

/** A number and its percent sign are one word. */
const GLUED = "\u00a0%";

/** A sentence in lines of at most 80 columns, broken at blanks; a longer word stays whole. */
export function wrapped(text: string, indent = ""): readonly string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.replaceAll(" %", GLUED).split(" ")) {
    const isEmpty = line.trim() === "";
    if (!isEmpty && line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = `${indent}${INDENT}${word}`;
    } else line += isEmpty ? word : ` ${word}`;
  }
  return [...lines, line].map((one) => one.replaceAll(GLUED, " %"));
}
