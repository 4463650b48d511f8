import { ConditionalCheckFailedException, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { FAULTS } from "#libs/contracts/faults.ts";
import { logFault, type WarningLog } from "#libs/runtime/fault-log.ts";
import { describeError } from "./sending.ts";

/**
 * Logs each attempt that the SDK retries, so that throttling and network failures are visible before they use up all
 * attempts. A failed condition and an invalid request are not faults.
 */
export function logFailedAttempts(client: DynamoDBClient, logger: WarningLog): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        if (error instanceof Error) {
          const fault = isThrottling(error)
            ? FAULTS.databaseThrottles
            : isTransient(error)
              ? FAULTS.databaseFails
              : null;
          const fields = { request: context.commandName, reason: `${error.name}: ${describeError(error)}` };
          if (fault !== null) logFault(logger, fault, fields);
        }
        throw error;
      }
    },
    // Inside the retry loop, whose priority is high; outside of it only the last attempt would be seen.
    { name: "logFailedAttempts", step: "finalizeRequest", priority: "low" },
  );
}

/**
 * A failed condition is a result, not a failure. If this machine's clock and the server's differ by four minutes, the
 * SDK marks every error as clock skew and retries it up to five times, which uses up the retry budget that real
 * failures need.
 * Source: `AwsSdkSigV4Signer.errorHandler` of `@aws-sdk/core`, `isTransientError` of `@smithy/core`.
 */
export function neverRepeatRefusals(client: DynamoDBClient): void {
  client.middlewareStack.addRelativeTo(
    <Args, Result>(next: (args: Args) => Promise<Result>) =>
      async (args: Args): Promise<Result> => {
        try {
          return await next(args);
        } catch (error) {
          if (error instanceof ConditionalCheckFailedException) {
            Reflect.deleteProperty(error.$metadata, "clockSkewCorrected");
          }
          throw error;
        }
      },
    // Around the signing, which sets the mark, and inside the retry loop, which reads it.
    { name: "neverRepeatRefusals", relation: "before", toMiddleware: "httpSigningMiddleware" },
  );
}

/** DynamoDB's errors in the SDK's list of throttling errors. */
const THROTTLING = [
  "ThrottlingException",
  "Throttling",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "TooManyRequestsException",
];

function isThrottling(error: Error): boolean {
  return THROTTLING.includes(error.name) || statusOf(error) === 429;
}

/** Names and codes that the SDK retries regardless of the status: an interrupted response may have any. */
const INTERRUPTED = ["TimeoutError", "ECONNRESET", "ECONNREFUSED", "EPIPE", "ETIMEDOUT"];

/** The server failed, there was no response, or the response was interrupted after its status. */
function isTransient(error: Error): boolean {
  const status = statusOf(error);
  const code = "code" in error ? String(error.code) : "";
  return status === null || status >= 500 || INTERRUPTED.includes(error.name) || INTERRUPTED.includes(code);
}

function statusOf(error: Error): number | null {
  if (!("$metadata" in error)) return null;
  const metadata: unknown = error.$metadata;
  if (typeof metadata !== "object" || metadata === null || !("httpStatusCode" in metadata)) return null;
  return typeof metadata.httpStatusCode === "number" ? metadata.httpStatusCode : null;
}
