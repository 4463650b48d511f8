import { connect, createServer, type Socket } from "node:net";

export interface TcpProxy {
  readonly port: number;
  /** Resets every connection that goes through it, as a network that breaks. */
  cut(): void;
  /**
   * Holds every byte back, both ways, on connections that stay open: nobody is told that the other side is gone.
   * False lets go on what was held.
   */
  freeze(held: boolean): void;
  /** Whether new connections get through; refused ones are reset. */
  allow(through: boolean): void;
  connections(): number;
  close(): Promise<void>;
}

/** A network between a client and `targetPort` on 127.0.0.1 that a test can break and mend. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const pairs = new Set<Pair>();
  let through = true;
  let frozen = false;
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
    const pair = { client, target };
    pairs.add(pair);
    client.once("close", () => pairs.delete(pair));
    if (!frozen) join(pair);
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
    freeze(held) {
      frozen = held;
      for (const pair of pairs) held ? part(pair) : join(pair);
    },
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

interface Pair {
  readonly client: Socket;
  readonly target: Socket;
}

function join({ client, target }: Pair): void {
  client.pipe(target);
  target.pipe(client);
}

/** Without a reader a socket takes no more, and what comes waits in the kernel. */
function part({ client, target }: Pair): void {
  client.unpipe(target).pause();
  target.unpipe(client).pause();
}
