/** A refusal is a line or two for a person; what they gave may be a whole file by mistake. */
const LONGEST = 1_000;
/** Where it says what is wrong, and where it says what is expected. */
const KEPT_AT_EACH_END = 450;

/** A text with its middle left out when it is too long to be read. */
export function shortComplaint(text: string): string {
  if (text.length <= LONGEST) return text;
  return `${text.slice(0, KEPT_AT_EACH_END)} ... ${text.slice(-KEPT_AT_EACH_END)}`;
}
