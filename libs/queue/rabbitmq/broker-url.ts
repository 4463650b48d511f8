import type { Options } from "amqplib";
import { brokerUrlProblem } from "#libs/contracts/broker-url.ts";
import { QueueError } from "../queue.ts";

/** Seconds. The connection is considered lost after two missed heartbeats; the broker may set fewer. */
const HEARTBEAT_SECONDS = 20;

export interface BrokerAddress {
  readonly connect: Options.Connect & { readonly username: string; readonly password: string };
  /** For logs and errors: without user and password. */
  readonly shown: string;
}

/**
 * Parses an `amqp://` or `amqps://` URL. The driver receives the parts, so that no later error can quote the whole URL
 * with its password.
 * @throws QueueError that does not repeat the URL.
 */
export function parseBrokerUrl(text: string): BrokerAddress {
  const problem = brokerUrlProblem(text);
  if (problem !== null) throw new QueueError(`the RabbitMQ URL cannot be used: ${problem}`);
  const url = new URL(text);
  const protocol = url.protocol.slice(0, -1);
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? (protocol === "amqps" ? 5671 : 5672) : Number(url.port);
  const vhost = url.pathname.slice(1);
  const hasUser = url.username !== "" || url.password !== "";
  return {
    connect: {
      protocol,
      hostname,
      port,
      username: hasUser ? decodeURIComponent(url.username) : "guest",
      password: hasUser ? decodeURIComponent(url.password) : "guest",
      heartbeat: HEARTBEAT_SECONDS,
      // The driver decodes it itself.
      vhost,
    },
    shown: `${protocol}://${url.hostname}:${port}/${vhost}`,
  };
}
