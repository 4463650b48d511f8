import type { ServerResponse } from "node:http";
import { refusalBody } from "./bodies/envelope.ts";
import type { Fault, FaultKind } from "./faults.ts";

const DATA_FAULTS: readonly FaultKind[] = ["hole", "duplicate", "running-candle"];

/** Whether the fault corrupts the content of a page; all others corrupt the response itself. */
export function isDataFault(kind: FaultKind): boolean {
  return DATA_FAULTS.includes(kind);
}

const HTML =
  "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n";

/** Sends a faulty response. `right` creates the correct one. */
export function answerFault(
  fault: Fault,
  response: ServerResponse,
  nowMs: number,
  right: () => string | Buffer,
): void {
  switch (fault.kind) {
    case "rate-limit":
      // Bybit sends the time from which requests are accepted again.
      response.setHeader("X-Bapi-Limit", "50");
      response.setHeader("X-Bapi-Limit-Status", "0");
      response.setHeader("X-Bapi-Limit-Reset-Timestamp", String(nowMs + fault.delayMs));
      json(response, 200, refusalBody(10006, "Too many visits. Exceeded the API Rate Limit.", nowMs));
      break;
    case "server-error-code":
      json(response, 200, refusalBody(10016, "Internal server error or service is restarting.", nowMs));
      break;
    case "traffic-limit":
      json(response, 200, refusalBody(10429, "System level frequency protection.", nowMs));
      break;
    case "banned":
      json(response, 403, JSON.stringify({ retMsg: "Access too frequent. Please retry later." }));
      break;
    case "http-500":
      page(response, 500, HTML.replaceAll("502 Bad Gateway", "500 Internal Server Error"));
      break;
    case "html":
      page(response, 200, HTML);
      break;
    case "garbage":
      json(response, 200, '{"retCode":0,"retMsg":"OK","result":{"list":[["17');
      break;
    case "dropped":
      response.destroy();
      break;
    case "cut": {
      const body = Buffer.from(right());
      response.writeHead(200, { "content-type": "application/json", "content-length": body.length });
      response.write(body.subarray(0, body.length >> 1), () => response.destroy());
      break;
    }
    case "slow":
    case "hole":
    case "duplicate":
    case "running-candle":
      throw new Error(`fault ${fault.kind} is a data fault or a delay, which the server handles`);
    default:
      fault.kind satisfies never;
  }
}

function json(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}

function page(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "text/html", "content-length": Buffer.byteLength(body) });
  response.end(body);
}
