import { Writable } from "node:stream";
import { type Logger, pino } from "pino";

/** A real logger whose lines stay in memory, for a test that has to know what they do not say. */
export function capturedLogger(): { readonly logger: Logger; readonly text: () => string } {
  let text = "";
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  return { logger: pino({ level: "trace" }, stream), text: () => text };
}
