import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { StoreError } from "../../store-error.ts";

/**
 * Runs one request. @throws StoreError for every failure, after the SDK's own retries.
 * @param doing the operation, for the error message: "reading the result of BTCUSDT".
 */
export async function send<T>(doing: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    throw storeError(doing, error);
  }
}

export type Conditional<T> =
  | { readonly kind: "done"; readonly output: T }
  /** The condition failed: nothing was written. */
  | { readonly kind: "refused" };

/** Runs one conditional write: a failed condition is an outcome, everything else is a StoreError. */
export async function sendIf<T>(doing: string, request: () => Promise<T>): Promise<Conditional<T>> {
  try {
    return { kind: "done", output: await request() };
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return { kind: "refused" };
    throw storeError(doing, error);
  }
}

/** Failures whose message quotes the request's headers, including the session token. */
const QUOTES_HEADERS = /signature|token|authori[sz]ation|credential/i;
const SHOWN_CHARACTERS = 300;

/**
 * The SDK's error object holds the signed request and the response. The cause is a copy without them, so that no
 * logger can print a header.
 */
function storeError(doing: string, error: unknown): StoreError {
  if (!(error instanceof Error)) return new StoreError(`${doing} failed: ${typeof error} thrown`);
  const text = describeError(error);
  const cause = new Error(text);
  cause.name = error.name;
  return new StoreError(`${doing} failed: ${error.name}${text === "" ? "" : `: ${text}`}`, { cause });
}

/** An SDK error's message, short and without the request's headers. */
export function describeError(error: Error): string {
  return QUOTES_HEADERS.test(`${error.name} ${error.message}`)
    ? "the credentials were rejected or not found (details hidden)"
    : (error.message.split("\n")[0] ?? "").slice(0, SHOWN_CHARACTERS);
}
