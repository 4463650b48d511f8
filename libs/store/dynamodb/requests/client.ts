import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { WarningLog } from "#libs/runtime/fault-log.ts";
import { KEPT_CONNECTIONS } from "#libs/runtime/kept-connections.ts";
import { logFailedAttempts, neverRepeatRefusals } from "./failed-attempts.ts";

export interface DynamoClientOptions {
  readonly region: string;
  /** Another endpoint than AWS's: the embedded database, DynamoDB Local, LocalStack. */
  readonly endpoint?: string | undefined;
  /** Default: the SDK's chain (task role, environment, profile). Local endpoints accept any. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  /** Attempts of one request, the first included. */
  readonly maxAttempts?: number | undefined;
  /** Milliseconds of one attempt until the response begins, and of inactivity until it ends; below 6,000. */
  readonly requestTimeoutMs?: number | undefined;
  /** Logs each attempt that is retried. */
  readonly logger?: WarningLog | undefined;
}

/** Credentials for a local endpoint, which requires some but checks none. */
export const LOCAL_CREDENTIALS = { accessKeyId: "local", secretAccessKey: "local" } as const;

/**
 * The document client that all stores share. DynamoDB responds within milliseconds: a response that takes seconds is
 * lost, and every write here may be repeated, so an attempt times out early and is retried (the SDK's `standard` mode:
 * capped, jittered backoff, and a token bucket against retry storms). All attempts together take 20 s, or 40 s if each
 * response stops midway: well below the 110 s that a stopping service has for its work in progress.
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
      // `requestTimeout` ends with the first byte: without this, a response that stops midway would never time out.
      // From 6 s on, the SDK would check it three seconds late.
      socketTimeout: requestTimeout,
      // Without it the SDK only logs a warning and keeps waiting.
      throwOnRequestTimeout: true,
    },
  });
  neverRepeatRefusals(client);
  if (options.logger !== undefined) logFailedAttempts(client, options.logger);
  return DynamoDBDocumentClient.from(client, {
    // The mapper drops `undefined`; one that remains is a bug and throws.
    marshallOptions: { removeUndefinedValues: false },
    // The default throws on numbers beyond 2^53, and one such foreign item would fail its whole page.
    unmarshallOptions: { wrapNumbers: Number },
  });
}
