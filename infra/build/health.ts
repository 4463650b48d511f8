import { readFileSync } from "node:fs";
import { processEnvironment } from "#libs/config/environment.ts";

/*
 * The health check of the images: exits with 0 if the container has an established connection to the broker (a service
 * without one is not working), and with 1 and the reason otherwise. It reads the kernel's table of connections, so it
 * needs no port, no package and no support in the service.
 */

/** State 01 in /proc/net/tcp. */
const ESTABLISHED = "01";

/** 0, to which nothing is ever connected, if the URL is invalid. */
function brokerPort(): number {
  const { RABBITMQ_URL: url, RABBITMQ_PORT: port } = processEnvironment();
  if (url !== undefined && url !== "") {
    // The error of an invalid URL would show it, including the password.
    if (!URL.canParse(url)) return 0;
    const parsed = new URL(url);
    return Number(parsed.port) || (parsed.protocol === "amqps:" ? 5671 : 5672);
  }
  return Number(port || 5672);
}

/** Remote ports of this network namespace's established connections; IPv6 may be unavailable. */
function connectedPorts(file: string): number[] {
  let table: string;
  try {
    table = readFileSync(file, "utf8");
  } catch {
    return [];
  }
  return table
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state]) => state === ESTABLISHED)
    .map(([, , remote = ""]) => Number.parseInt(remote.split(":")[1] ?? "", 16));
}

const port = brokerPort();
if (![...connectedPorts("/proc/net/tcp"), ...connectedPorts("/proc/net/tcp6")].includes(port)) {
  process.stderr.write(`no established connection to the broker's port ${port}\n`);
  process.exitCode = 1;
}
