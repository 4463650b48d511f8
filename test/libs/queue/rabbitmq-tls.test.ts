import { connect as connectTcp } from "node:net";
import { createServer, type Server } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { QueueError } from "#libs/queue/queue.ts";
import { connectRabbitMq, type RabbitMqOptions } from "#libs/queue/rabbitmq/connect.ts";
import {
  type Certificate,
  type CertificateMaker,
  makeCertificates,
} from "#test/support/broker/certificates.ts";
import { rabbitMqAvailable, rabbitMqUrl } from "#test/support/broker/rabbitmq.ts";
import { capturedLogger } from "#test/support/captured-logger.ts";
import { startProgram } from "#test/support/process/program.ts";

const PROGRAM = "test/support/broker/broker-connection-program.ts";

describe("a broker over TLS", () => {
  let certificates: CertificateMaker;
  let server: Server | undefined;
  /** Bytes that got through a handshake. */
  let received = 0;

  beforeAll(async () => {
    certificates = await makeCertificates();
  });
  afterAll(() => certificates.dispose());
  afterEach(async () => {
    await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
    server = undefined;
  });

  /** Speaks TLS with this certificate, in front of a broker when there is one. */
  async function listen({ key, cert }: Certificate, brokerPort?: number): Promise<number> {
    received = 0;
    const listening = createServer({ key, cert }, (socket) => {
      socket.on("error", () => {});
      socket.on("data", (chunk) => {
        received += chunk.length;
      });
      if (brokerPort === undefined) return;
      const broker = connectTcp(brokerPort, "127.0.0.1");
      socket.on("close", () => broker.destroy());
      broker.on("error", () => socket.destroy());
      socket.pipe(broker).pipe(socket);
    });
    listening.on("tlsClientError", () => {});
    server = listening;
    await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
    const address = listening.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  async function refusal(port: number, tls: RabbitMqOptions["tls"] = {}): Promise<string> {
    const log = capturedLogger();
    const failure: unknown = await connectRabbitMq({
      url: `amqps://someone:hunter2@localhost:${port}`,
      logger: log.logger,
      // Far beyond the test's own: what cannot succeed is not tried again.
      startupTimeoutMs: 600_000,
      tls,
    }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(QueueError);
    expect(log.text() + String(failure)).not.toMatch(/hunter2|someone/);
    // Not a byte, and so no password, goes to who was not verified.
    expect(received).toBe(0);
    return String(failure);
  }

  it("is refused when its authority is unknown, with the variable that makes it known", async () => {
    const text = await refusal(await listen(await certificates.make("localhost")));
    expect(text).toMatch(/self.signed certificate.*NODE_EXTRA_CA_CERTS/);
  });

  it("is refused when the certificate is another host's", async () => {
    const certificate = await certificates.make("elsewhere.example");
    const text = await refusal(await listen(certificate), { ca: certificate.cert });
    expect(text).toMatch(/localhost.*elsewhere\.example.*RABBITMQ_HOST/);
  });

  it("is refused when the certificate has expired", async () => {
    const certificate = await certificates.makeExpired("localhost");
    const text = await refusal(await listen(certificate), { ca: certificate.cert });
    expect(text).toMatch(/certificate has expired.*renew/);
  });

  it("is refused when another certificate than the trusted one is shown", async () => {
    const trusted = await certificates.make("localhost");
    const text = await refusal(await listen(await certificates.make("localhost")), { ca: trusted.cert });
    expect(text).toMatch(/certificate/);
  });

  it.skipIf(!rabbitMqAvailable())("is refused when its port does not speak TLS", async () => {
    const { port } = new URL(await rabbitMqUrl());
    expect(await refusal(Number(port))).toMatch(/does not speak TLS/);
  });

  it("stays refused when Node itself is told not to verify", async () => {
    const port = await listen(await certificates.make("localhost"));
    const program = startProgram(PROGRAM, [], {
      RABBITMQ_URL: `amqps://localhost:${port}`,
      NODE_TLS_REJECT_UNAUTHORIZED: "0",
    });
    expect(await program.exited).toBe(1);
    expect(program.stdout()).toMatch(/NODE_EXTRA_CA_CERTS/);
    expect(received).toBe(0);
  });

  it.skipIf(!rabbitMqAvailable())("is accepted when its authority is the one that was given", async () => {
    const certificate = await certificates.make("localhost");
    const broker = new URL(await rabbitMqUrl());
    const port = await listen(certificate, Number(broker.port));
    const queue = await connectRabbitMq({
      url: `amqps://guest:guest@localhost:${port}`,
      logger: capturedLogger().logger,
      queues: [],
      tls: { ca: certificate.cert },
    });
    expect(received).toBeGreaterThan(0);
    await queue.close();
  });

  it.skipIf(!rabbitMqAvailable())("is accepted when NODE_EXTRA_CA_CERTS names its authority", async () => {
    const certificate = await certificates.make("localhost");
    const broker = new URL(await rabbitMqUrl());
    const port = await listen(certificate, Number(broker.port));
    const program = startProgram(PROGRAM, [], {
      RABBITMQ_URL: `amqps://guest:guest@localhost:${port}`,
      NODE_EXTRA_CA_CERTS: certificate.certFile,
    });
    expect(await program.exited).toBe(0);
    expect(program.stdout()).toBe("connected\n");
  });
});
