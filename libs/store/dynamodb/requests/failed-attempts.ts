import { ConditionalCheckFailedException, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { FAULTS } from "#libs/contracts/faults.ts";
import { logFault, type WarningLog } from "#libs/runtime/fault-log.ts";
import { describeError } from "./sending.ts";

/**
 * Tells each attempt of which the SDK makes another one, so that throttling and a failing network are seen before
 * they use up all attempts. A condition that does not hold and a request that is wrong are no faults.
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
    // Within the loop of attempts, whose priority is high; outside of it only the last one would be seen.
    { name: "logFailedAttempts", step: "finalizeRequest", priority: "low" },
  );
}

/**
 * A condition that does not hold is an answer, not a failure. Where this machine's clock and the server's are four
 * minutes apart, the SDK marks every error as one of the clock and makes the call again, five times in all, until
 * none of the attempts are left that real failures need.
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
    // Around the signing, which sets the mark, and within the loop of attempts, which reads it.
    { name: "neverRepeatRefusals", relation: "before", toMiddleware: "httpSigningMiddleware" },
  );
}

/** Of the SDK's list, what DynamoDB says. */
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

/** Names and codes by which the SDK tries again whatever the status: an answer that broke off may have any. */
const BROKEN_OFF = ["TimeoutError", "ECONNRESET", "ECONNREFUSED", "EPIPE", "ETIMEDOUT"];

/** The server failed, there was no answer at all, or it broke off after its status had come. */
function isTransient(error: Error): boolean {
  const status = statusOf(error);
  const code = "code" in error ? String(error.code) : "";
  return status === null || status >= 500 || BROKEN_OFF.includes(error.name) || BROKEN_OFF.includes(code);
}

function statusOf(error: Error): number | null {
  if (!("$metadata" in error)) return null;
  const metadata: unknown = error.$metadata;
  if (typeof metadata !== "object" || metadata === null || !("httpStatusCode" in metadata)) return null;
  return typeof metadata.httpStatusCode === "number" ? metadata.httpStatusCode : null;
}
