import { hostname } from "node:os";

/** Identifies this process in logs, leases and items: the container's host name and the process id. */
export function workerId(): string {
  return `${hostname()}:${process.pid}`;
}
