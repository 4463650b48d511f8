import { inject } from "vitest";
import { brokerInstalled } from "./private-broker.ts";

export { type PrivateBroker, startPrivateBroker } from "./private-broker.ts";

const inCi = process.env.CI === "true" || process.env.CI === "1";

/**
 * Whether tests against the shared broker can run. Without one they are skipped, but not with CI=true: there
 * they run, and fail with the reason.
 */
export function rabbitMqAvailable(): boolean {
  return inCi || inject("rabbitmq").kind !== "none";
}

/** Whether a test can start a broker of its own, to kill it. */
export function privateBrokerAvailable(): boolean {
  return inCi || brokerInstalled();
}

/** The URL of the broker that all tests of a run share: use a queue prefix of your own. */
export async function rabbitMqUrl(): Promise<string> {
  const offer = inject("rabbitmq");
  switch (offer.kind) {
    case "running":
      return offer.url;
    case "none":
      throw new Error("no RabbitMQ: install rabbitmq-server or set RABBITMQ_URL");
    case "on demand": {
      const answer = await fetch(offer.askUrl);
      const text = await answer.text();
      if (!answer.ok) throw new Error(text);
      return text;
    }
  }
}
