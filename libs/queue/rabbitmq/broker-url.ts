import type { Options } from "amqplib";
import { QueueError } from "../queue.ts";

/** Seconds. The connection is considered lost after two missed heartbeats. */
const HEARTBEAT_SECONDS = 20;

export interface BrokerAddress {
  readonly connect: Options.Connect;
  /** For logs and errors: without user, password and query. */
  readonly shown: string;
}

/**
 * Parses an `amqp://` or `amqps://` URL. The driver receives the parts, so that no later error can quote the whole URL
 * with its password.
 * @throws QueueError that does not repeat the URL.
 */
export function parseBrokerUrl(text: string): BrokerAddress {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // The cause would quote the URL, including the password.
    throw new QueueError("the RabbitMQ URL is invalid: expected amqp://user:password@host:5672/vhost");
  }
  const protocol = url.protocol.slice(0, -1);
  if (protocol !== "amqp" && protocol !== "amqps") {
    throw new QueueError(`the RabbitMQ URL starts with ${protocol}://: expected amqp:// or amqps://`);
  }
  if (url.hostname === "") {
    throw new QueueError("the RabbitMQ URL has no host: expected amqp://user:password@host:5672/vhost");
  }
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? (protocol === "amqps" ? 5671 : 5672) : Number(url.port);
  const vhost = url.pathname.length > 1 ? url.pathname.slice(1) : "";
  const hasUser = url.username !== "" || url.password !== "";
  return {
    connect: {
      protocol,
      hostname,
      port,
      username: hasUser ? decodePart(url.username, "user") : "guest",
      password: hasUser ? decodePart(url.password, "password") : "guest",
      heartbeat: heartbeatOf(url),
      // The driver decodes it.
      vhost,
    },
    shown: `${protocol}://${url.hostname}:${port}/${vhost}`,
  };
}

function decodePart(part: string, what: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new QueueError(`the ${what} in the RabbitMQ URL is not percent-encoded correctly (write % as %25)`);
  }
}

function heartbeatOf(url: URL): number {
  const text = url.searchParams.get("heartbeat");
  if (text === null) return HEARTBEAT_SECONDS;
  if (!/^[1-9]\d{0,3}$/.test(text)) {
    // The value is not shown: a URL pasted twice has the password in its query.
    throw new QueueError("heartbeat in the RabbitMQ URL is not a number of seconds from 1 to 9999");
  }
  return Number(text);
}
