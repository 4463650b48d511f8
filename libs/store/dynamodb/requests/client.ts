import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { WarningLog } from "#libs/runtime/fault-log.ts";
import { KEPT_CONNECTIONS } from "#libs/runtime/kept-connections.ts";
import { logFailedAttempts, neverRepeatRefusals } from "./failed-attempts.ts";

export interface DynamoClientOptions {
  readonly region: string;
  /** Another endpoint than AWS's: the embedded database, DynamoDB Local, LocalStack. */
  readonly endpoint?: string | undefined;
  /** Default: the SDK's chain (task role, environment, profile). Local endpoints take any. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  /** Attempts of one request, the first included. */
  readonly maxAttempts?: number | undefined;
  /** Milliseconds of one attempt until the answer begins, and of silence until it is whole; below 6,000. */
  readonly requestTimeoutMs?: number | undefined;
  /** Told of each attempt that is made again. */
  readonly logger?: WarningLog | undefined;
}

/** What an endpoint on this machine takes as credentials: it asks for some and checks none. */
export const LOCAL_CREDENTIALS = { accessKeyId: "local", secretAccessKey: "local" } as const;

/**
 * The document client all stores share. DynamoDB answers within milliseconds: what takes seconds is a lost
 * answer, and every write here may be sent again, so an attempt is given up early and repeated (the SDK's
 * `standard` mode: capped, jittered backoff, and a token bucket that keeps retries from becoming a storm).
 * All attempts together take 20 s, 40 s when each answer stops midway: well below the 110 s that a stopping service
 * has for its work in hand.
 */
export function makeDynamoClient(options: DynamoClientOptions): DynamoDBDocumentClient {
  const requestTimeout = options.requestTimeoutMs ?? 4_000;
  const client = new DynamoDBClient({
    region: options.region,
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
    retryMode: "standard",
    maxAttempts: options.maxAttempts ?? 5,
    requestHandler: {
      httpAgent: KEPT_CONNECTIONS,
      httpsAgent: KEPT_CONNECTIONS,
      connectionTimeout: 2_000,
      requestTimeout,
      // The one above ends with the first byte: an answer that stops midway would be waited for without end. From
      // 6 s on the SDK would look at it three seconds late.
      socketTimeout: requestTimeout,
      // Without it the SDK only logs a warning and waits on.
      throwOnRequestTimeout: true,
    },
  });
  neverRepeatRefusals(client);
  if (options.logger !== undefined) logFailedAttempts(client, options.logger);
  return DynamoDBDocumentClient.from(client, {
    // `undefined` has been dropped by the mapper; one that is left is a mistake and throws.
    marshallOptions: { removeUndefinedValues: false },
    // The default throws on a number beyond 2^53, and one such foreign item would fail its whole page.
    unmarshallOptions: { wrapNumbers: Number },
  });
}
