import { connect, createServer, type Socket } from "node:net";

export interface TcpProxy {
  readonly port: number;
  /** Resets every connection that goes through it, as a network that breaks. */
  cut(): void;
  /** Whether new connections get through; refused ones are reset. */
  allow(through: boolean): void;
  connections(): number;
  close(): Promise<void>;
}

/** A network between a client and `targetPort` on 127.0.0.1 that a test can break and mend. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let through = true;
  const server = createServer((client) => {
    client.on("error", () => {});
    if (!through) {
      client.resetAndDestroy();
      return;
    }
    const target = connect(targetPort, "127.0.0.1");
    target.on("error", () => client.destroy());
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    }
    client.pipe(target);
    target.pipe(client);
    client.once("close", () => target.destroy());
    target.once("close", () => client.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address for the proxy");
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: address.port,
    cut,
    allow(value) {
      through = value;
    },
    connections: () => sockets.size / 2,
    async close() {
      cut();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
