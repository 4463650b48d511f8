/** The exit code of a service that was refused for good: to start it again without a change cannot help. */
export const EXIT_PERMANENT_FAILURE = 3;

/**
 * What a service needs is there and refuses it for good: trying again cannot help before a person acts. The service
 * ends with exit code 3, and the message says what was refused and what to do.
 */
export class PermanentFailure extends Error {
  override readonly name: string = "PermanentFailure";
}
