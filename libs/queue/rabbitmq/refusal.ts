import { FAULTS, type Fault } from "#libs/contracts/faults.ts";
import { PermanentFailure } from "#libs/runtime/permanent-failure.ts";
import type { BrokerAddress } from "./broker-url.ts";
import { tlsRemedy } from "./tls-remedy.ts";

/** The broker is available and refuses: connecting or declaring again cannot help before an operator acts. */
export class BrokerRefusal extends PermanentFailure {
  override readonly name = "BrokerRefusal";
  readonly fault: Fault;
  /** What the broker said, without user and password. */
  readonly reason: string;

  constructor(fault: Fault, what: string, address: BrokerAddress, reason: string) {
    super(`RabbitMQ at ${address.shown} refuses ${what}: ${reason}. Remedy: ${fault.remedy}`);
    this.fault = fault;
    this.reason = reason;
  }
}

/**
 * The permanent refusal behind an error of connecting, declaring or consuming; null for transient errors. Not for the
 * errors of an open channel, where 406 may also be a delivery acknowledgement timeout.
 *
 * Source: https://www.rabbitmq.com/amqp-0-9-1-reference#constants
 */
export function refusalOf(error: unknown, address: BrokerAddress): BrokerRefusal | null {
  if (!(error instanceof Error)) return null;
  const code = "code" in error ? error.code : undefined;
  const refusal = (fault: Fault, what: string) =>
    new BrokerRefusal(fault, what, address, describeError(error, address));
  if (code === 406) return refusal(FAULTS.brokerRefusesQueue, "a queue");
  // Errors of the handshake carry the code only in their text.
  if (code === 403 || /ACCESS[_-]REFUSED/.test(error.message)) {
    return refusal(FAULTS.brokerRefusesUser, "the user");
  }
  if (code === 530 || isVirtualHostRefused(error)) {
    return refusal(FAULTS.brokerRefusesVirtualHost, "the virtual host");
  }
  return null;
}

/**
 * The driver drops the broker's code and message when the virtual host is refused, so an unknown virtual host looks like
 * one at its connection limit, or one that a starting broker has not opened yet.
 */
export function isVirtualHostRefused(error: unknown): boolean {
  return (
    error instanceof Error && error.message.startsWith("Expected ConnectionOpenOk; got <ConnectionClose")
  );
}

/** A readable reason, without user and password, which the broker's message may contain. */
export function describeError(error: unknown, { connect }: BrokerAddress): string {
  let text = reasonOf(error);
  for (const secret of [connect.username, connect.password]) {
    text = text.replaceAll(`'${secret}'`, "'(hidden)'");
  }
  return text;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A name with several addresses fails once for each, and the aggregate has no message.
  if (error instanceof AggregateError && error.message === "") {
    return error.errors.map((one) => (one instanceof Error ? one.message : String(one))).join("; ");
  }
  const remedy = tlsRemedy(error);
  if (remedy !== null) return `${error.message}: ${remedy}`;
  if (!isVirtualHostRefused(error)) return error.message;
  return `the virtual host does not exist, is not open yet, or this user has no access to it (${error.message})`;
}
