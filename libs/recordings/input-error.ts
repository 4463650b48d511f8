/** What a person gave cannot be used. The message is a whole sentence for them: where, what, and what to do. */
export class InputError extends Error {
  override readonly name = "InputError";
}
