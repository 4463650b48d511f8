import { connectRabbitMq } from "#libs/queue/rabbitmq/connect.ts";
import { capturedLogger } from "#test/support/captured-logger.ts";

/** Connects to RABBITMQ_URL as the services do and says so, or prints the error and exits with 1. */
try {
  const queue = await connectRabbitMq({
    url: process.env.RABBITMQ_URL ?? "",
    logger: capturedLogger().logger,
    queues: [],
    startupTimeoutMs: 20_000,
  });
  await queue.close();
  process.stdout.write("connected\n");
} catch (error) {
  process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
