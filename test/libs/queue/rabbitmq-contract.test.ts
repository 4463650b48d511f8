import { describe } from "vitest";
import { describeQueue } from "#test/ports/queue-contract.ts";
import { rabbitMqAvailable, rabbitMqUrl } from "#test/support/broker/rabbitmq.ts";
import { makeRabbitMqFixture } from "./rabbitmq-fixture.ts";

describe.skipIf(!rabbitMqAvailable())("on a real broker", () => {
  describeQueue("RabbitMQ", async () => {
    const fixture = await makeRabbitMqFixture(await rabbitMqUrl());
    return {
      queue: fixture.queue,
      publishRaw: async (definition, body) => {
        fixture.raw.sendToQueue(fixture.prefix + definition.name, body);
        // An answer on the same channel comes after the message was taken.
        await fixture.raw.checkQueue(fixture.prefix + definition.name);
      },
      dispose: fixture.dispose,
    };
  });
});
