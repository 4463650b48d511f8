/** An error message has a line or two; the invalid argument may be a whole file by mistake. */
const LONGEST = 1_000;
/** The beginning says what is wrong, the end says what is expected. */
const KEPT_AT_EACH_END = 450;

/** A text with its middle left out when it is too long to read. */
export function shortComplaint(text: string): string {
  if (text.length <= LONGEST) return text;
  return `${text.slice(0, KEPT_AT_EACH_END)} ... ${text.slice(-KEPT_AT_EACH_END)}`;
}
