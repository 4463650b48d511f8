const QUOTE = '"';

/** The cells of one line, without their quotes and the spaces around them. */
export function splitLine(line: string, delimiter: string): string[] {
  if (!line.includes(QUOTE)) return line.split(delimiter).map((cell) => cell.trim());
  const cells: string[] = [];
  let cell = "";
  let isQuoted = false;
  for (let k = 0; k < line.length; k++) {
    const character = line[k] ?? "";
    if (character === QUOTE) {
      if (isQuoted && line[k + 1] === QUOTE) {
        cell += QUOTE;
        k++;
      } else {
        isQuoted = !isQuoted;
      }
    } else if (character === delimiter && !isQuoted) {
      cells.push(cell.trim());
      cell = "";
    } else {
      cell += character;
    }
  }
  cells.push(cell.trim());
  return cells;
}
