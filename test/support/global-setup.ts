import { createServer } from "node:http";
import type { TestProject } from "vitest/node";
import { brokerInstalled, type PrivateBroker, startPrivateBroker } from "./broker/private-broker.ts";

/** Where the tests find RabbitMQ: a broker that stands, or an address that starts one when first asked. */
export type BrokerOffer =
  | { readonly kind: "running"; readonly url: string }
  | { readonly kind: "on demand"; readonly askUrl: string }
  | { readonly kind: "none" };

declare module "vitest" {
  interface ProvidedContext {
    rabbitmq: BrokerOffer;
  }
}

/**
 * One private RabbitMQ a test run, started by the first test that asks for it: a start takes some seconds,
 * and most runs of single files need none. It ends with the run.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.RABBITMQ_URL;
  if (given !== undefined && given !== "") {
    if (!brokerInstalled()) {
      process.stderr.write("The tests that kill a RabbitMQ are not run: rabbitmq-server is not installed.\n");
    }
    project.provide("rabbitmq", { kind: "running", url: given });
    return async () => {};
  }
  if (!brokerInstalled()) {
    process.stderr.write(
      "The tests against RabbitMQ are not run: rabbitmq-server is not installed and RABBITMQ_URL is not set.\n",
    );
    project.provide("rabbitmq", { kind: "none" });
    return async () => {};
  }

  let starting: Promise<PrivateBroker> | undefined;
  const server = createServer((_request, response) => {
    starting ??= startPrivateBroker();
    starting.then(
      ({ url }) => response.end(url),
      (error: unknown) => {
        response.statusCode = 500;
        response.end(String(error));
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string")
    throw new Error("no TCP address for the broker's door");
  project.provide("rabbitmq", { kind: "on demand", askUrl: `http://127.0.0.1:${address.port}/` });

  return async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    const broker = await starting?.catch(() => undefined);
    await broker?.dispose();
  };
}
