import { pino } from "pino";
import { makeInProcessQueue } from "#libs/queue/in-process/in-process-queue.ts";
import { describeQueue } from "#test/ports/queue-contract.ts";

describeQueue("in process", async () => {
  const queue = makeInProcessQueue({ logger: pino({ level: "silent" }) });
  return {
    queue,
    publishRaw: (definition, body) => queue.publishRaw(definition, body),
    dispose: async () => {},
  };
});
