import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { shownValue } from "#libs/contracts/shown-value.ts";
import { ContractError } from "#libs/contracts/wire.ts";
import type { Clock } from "#libs/runtime/clock.ts";
import { answerFault, isDataFault } from "./fault-answers.ts";
import { FaultInjector } from "./fault-injector.ts";
import { type FaultPlan, NO_FAULTS } from "./faults.ts";
import { RefusedRequest, ROUTES } from "./routes.ts";
import type { ExchangeSource } from "./source.ts";

export interface SimulatorOptions {
  readonly source: ExchangeSource;
  /** The exchange's clock: data after its time is never served. */
  readonly clock: Clock;
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** Default 127.0.0.1; a container needs 0.0.0.0. */
  readonly host?: string;
  readonly faults?: FaultPlan;
}

export interface RequestCounts {
  readonly total: number;
  /** Requests with an injected fault. */
  readonly faults: number;
  readonly byPath: Readonly<Record<string, number>>;
}

export interface ExchangeSimulator {
  /** For example `http://127.0.0.1:7070`; the base URL for the SDK. */
  readonly url: string;
  /** Closes all connections and the port. */
  close(): Promise<void>;
  requests(): RequestCounts;
  /** Replaces the plan and resets its counters. */
  setFaults(plan: FaultPlan): void;
}

const MAX_PLAN_BYTES = 100_000;

/**
 * Serves a source as Bybit's v5 market API. The header `x-simulated` of every response names the source of the prices.
 * In addition, `GET /` describes the simulator, `GET /__requests` returns counters, `POST /__faults` accepts a fault
 * plan as JSON.
 */
export async function startExchangeSimulator(options: SimulatorOptions): Promise<ExchangeSimulator> {
  const { source, clock } = options;
  const injector = new FaultInjector(options.faults ?? NO_FAULTS);
  const byPath: Record<string, number> = {};
  let total = 0;
  let hits = 0;
  const delays = new Set<NodeJS.Timeout>();
  const counts = (): RequestCounts => ({ total, faults: hits, byPath: { ...byPath } });

  function later(delayMs: number, action: () => void): void {
    const timer = setTimeout(() => {
      delays.delete(timer);
      action();
    }, delayMs);
    delays.add(timer);
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader("x-simulated", source.kind);
    const target = request.url ?? "/";
    if (!URL.canParse(target, "http://simulator")) {
      return send(response, 400, JSON.stringify({ error: "invalid URL" }));
    }
    const url = new URL(target, "http://simulator");
    if (url.pathname === "/__faults" && request.method === "POST") {
      injector.set(planOf(await textOf(request)));
      return send(response, 200, JSON.stringify({ ok: true }));
    }
    if (url.pathname === "/__requests") return send(response, 200, JSON.stringify(counts()));
    if (url.pathname === "/") {
      const about = { simulated: source.kind, description: source.description, notes: source.notes };
      return send(response, 200, JSON.stringify({ ...about, time: clock.nowMs() }));
    }
    const route = request.method === "GET" ? ROUTES[url.pathname] : undefined;
    if (route === undefined) {
      return send(
        response,
        404,
        JSON.stringify({ error: "not simulated", path: url.pathname.slice(0, 200) }),
      );
    }
    total += 1;
    byPath[url.pathname] = (byPath[url.pathname] ?? 0) + 1;
    const nowMs = clock.nowMs();
    const fault = injector.next(target);
    if (fault !== null) hits += 1;
    const dataFault = fault !== null && isDataFault(fault.kind) ? fault.kind : null;
    const answer = () => {
      try {
        return route({ source, query: url.searchParams, nowMs, fault: dataFault });
      } catch (error) {
        if (error instanceof RefusedRequest) return error.body(nowMs);
        throw error;
      }
    };
    if (fault === null || dataFault !== null) return send(response, 200, answer());
    if (fault.kind === "slow") {
      return later(fault.delayMs, () => send(response, 200, answer()));
    }
    answerFault(fault, response, nowMs, answer);
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      // A bug of the simulator or an invalid plan: reported as such, never in Bybit's format.
      const message = error instanceof Error ? error.message : String(error);
      if (!response.headersSent)
        send(response, error instanceof ContractError ? 400 : 500, message, "text/plain");
      else response.destroy();
    });
  });
  // Longer than a client keeps an idle connection, so the server never closes one that is about to be used.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, options.host ?? "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
  // A TCP server has an address object; only pipes have a string.
  const { address, port, family } = server.address() as AddressInfo;
  const host = family === "IPv6" ? `[${address}]` : address;

  return {
    url: `http://${host}:${port}`,
    close: () =>
      new Promise((resolve, reject) => {
        for (const timer of delays) clearTimeout(timer);
        delays.clear();
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
    requests: counts,
    setFaults: (plan) => injector.set(plan),
  };
}

function send(
  response: ServerResponse,
  status: number,
  body: string | Buffer,
  type = "application/json; charset=utf-8",
): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(body);
}

/** @throws ContractError if it is not JSON; the injector validates the plan. */
function planOf(text: string): FaultPlan {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ContractError(`fault plan: not JSON: ${shownValue(text)}`, { cause: error });
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_PLAN_BYTES) {
      throw new ContractError(`fault plan: longer than ${MAX_PLAN_BYTES} bytes`);
    }
  }
  return Buffer.concat(chunks).toString("utf8");
}
