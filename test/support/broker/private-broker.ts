import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { connect } from "amqplib";
import { freePort } from "#test/support/process/free-port.ts";

const SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const CTL = "/usr/lib/rabbitmq/bin/rabbitmqctl";
const STARTUP_LIMIT_MS = 90_000;

/** Whether Debian's `rabbitmq-server` is on this machine. */
export function brokerInstalled(): boolean {
  return existsSync(SERVER);
}

/** A RabbitMQ of one's own: nobody else uses it, so a test may kill it. */
export interface PrivateBroker {
  readonly url: string;
  readonly port: number;
  /** SIGKILL, as a power cut would do; what was confirmed is on disk. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data, and waits until it takes connections. */
  start(): Promise<void>;
  /** Runs `rabbitmqctl` on it, which takes some seconds, and gives what it prints. */
  ctl(...args: string[]): Promise<string>;
  /** Ends it and removes its data. Safe to call twice. */
  dispose(): Promise<void>;
}

/**
 * Starts a broker on 127.0.0.1 with its own node name, ports, data folder and epmd, so that it meets neither
 * an installed service nor another test run, and leaves nothing behind.
 */
export async function startPrivateBroker(
  options: { readonly heartbeatSeconds?: number } = {},
): Promise<PrivateBroker> {
  if (!brokerInstalled()) throw new Error(`${SERVER} is not there: apt-get install rabbitmq-server`);
  const folder = await mkdtemp(join(tmpdir(), "rabbitmq-test-"));
  const [port, distPort, epmdPort] = await Promise.all([freePort(), freePort(), freePort()]);
  await mkdir(join(folder, "log"));
  await writeFile(join(folder, "enabled_plugins"), "[].\n");
  // An empty file keeps the machine's /etc/rabbitmq/rabbitmq-env.conf out.
  await writeFile(join(folder, "env.conf"), "");
  await writeFile(
    join(folder, "rabbitmq.conf"),
    [
      `listeners.tcp.1 = 127.0.0.1:${port}`,
      // The machine's disk is not what is tested: a nearly full one would block every publisher.
      "disk_free_limit.absolute = 10MB",
      // The lower one of client and broker counts.
      ...(options.heartbeatSeconds === undefined ? [] : [`heartbeat = ${options.heartbeatSeconds}`]),
      "",
    ].join("\n"),
  );
  const env = {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    // The Erlang cookie lives in HOME; without one the broker does not start.
    HOME: folder,
    LANG: "C.UTF-8",
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    RABBITMQ_NODENAME: `test-${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distPort),
    RABBITMQ_MNESIA_BASE: join(folder, "mnesia"),
    RABBITMQ_LOG_BASE: join(folder, "log"),
    RABBITMQ_PID_FILE: join(folder, "pid"),
    RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq.conf"),
    RABBITMQ_CONF_ENV_FILE: join(folder, "env.conf"),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "enabled_plugins"),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
  };

  // In the foreground, so that it is a child that ends with us: erl would leave a daemon behind.
  const epmd = spawnLeashed(`epmd -port ${epmdPort} -address 127.0.0.1`, env, folder);
  let server: ChildProcess | undefined;

  const url = `amqp://guest:guest@127.0.0.1:${port}`;

  const broker: PrivateBroker = {
    url,
    port,
    async kill() {
      if (server !== undefined) await endGroup(server);
      server = undefined;
    },
    async start() {
      if (server !== undefined) return;
      const child = spawnLeashed(SERVER, env, folder);
      server = child;
      await ready(url, child, folder);
    },
    async ctl(...args) {
      const { stdout } = await promisify(execFile)(CTL, ["--node", env.RABBITMQ_NODENAME, ...args], {
        env,
        cwd: folder,
      });
      return stdout;
    },
    async dispose() {
      await broker.kill();
      await endGroup(epmd);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };

  try {
    await listening(epmdPort);
    await broker.start();
    return broker;
  } catch (error) {
    await broker.dispose();
    throw error;
  }
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connectTcp(port, "127.0.0.1", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`nothing listens on 127.0.0.1:${port}`);
}

/** Ready is when an AMQP handshake and a quorum queue succeed: the port opens earlier than that. */
async function ready(url: string, child: ChildProcess, folder: string): Promise<void> {
  const deadlineMs = performance.now() + STARTUP_LIMIT_MS;
  let last: unknown;
  while (performance.now() < deadlineMs) {
    if (child.exitCode !== null) break;
    try {
      const connection = await connect(url, { timeout: 5_000 });
      connection.on("error", () => {});
      const channel = await connection.createChannel();
      channel.on("error", () => {});
      await channel.assertQueue("ready-check", { arguments: { "x-queue-type": "quorum" } });
      await channel.deleteQueue("ready-check");
      await connection.close();
      return;
    } catch (error) {
      last = error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error(`the private RabbitMQ did not start: ${String(last)}\n${await logTail(folder)}`);
}

async function logTail(folder: string): Promise<string> {
  const files = await readdir(join(folder, "log"));
  const texts = await Promise.all(files.map((file) => readFile(join(folder, "log", file), "utf8")));
  return texts.map((text) => text.slice(-3_000)).join("\n");
}

/**
 * Starts a command in a process group of its own that ends when this process does, however it ends: the pipe
 * closes, and the shell that reads it takes the group along.
 */
function spawnLeashed(command: string, env: NodeJS.ProcessEnv, cwd: string): ChildProcess {
  const script = `${command} & cat >/dev/null; kill -9 0`;
  return spawn("/bin/sh", ["-c", script], { env, cwd, detached: true, stdio: ["pipe", "ignore", "ignore"] });
}

/** The start script and the Erlang machine share a process group: both must go. */
async function endGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  const exited = new Promise<void>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once("exit", () => resolve());
  });
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Already gone.
  }
  await exited;
}
