/** The exit code of a service that was refused permanently: a restart without a change cannot help. */
export const EXIT_PERMANENT_FAILURE = 3;

/**
 * A dependency is available and refuses the service permanently: a retry cannot help before an operator acts. The
 * service exits with code 3, and the message names what was refused and the remedy.
 */
export class PermanentFailure extends Error {
  override readonly name: string = "PermanentFailure";
}
