/** Bybit's envelope; every response of the v5 API has it. `result` is JSON text. */
export function envelope(result: string, timeMs: number): string {
  return `{"retCode":0,"retMsg":"OK","result":${result},"retExtInfo":{},"time":${timeMs}}`;
}

/** A rejection: HTTP 200 with a return code. https://bybit-exchange.github.io/docs/v5/error */
export function refusalBody(retCode: number, retMsg: string, timeMs: number, result: object = {}): string {
  return JSON.stringify({ retCode, retMsg, result, retExtInfo: {}, time: timeMs });
}
