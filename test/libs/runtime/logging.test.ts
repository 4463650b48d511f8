import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { type LogOptions, makeLogger } from "#libs/runtime/logging.ts";

function logged(options: Partial<LogOptions> = {}, service: string | null = "finder") {
  let text = "";
  const writer = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  const logger = makeLogger({
    ...(service === null ? {} : { service }),
    level: "info",
    format: "json",
    writer,
    ...options,
  });
  return { logger, text: () => text };
}

describe("the log", () => {
  it("is one JSON object a line, with level, time, service, the fields and the message", () => {
    const { logger, text } = logged();
    logger.info({ symbol: "BTCUSDT", confidence: 90 }, "position stored");
    expect(text().endsWith("\n")).toBe(true);
    const line: unknown = JSON.parse(text());
    expect(line).toEqual({
      level: "info",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      service: "finder",
      symbol: "BTCUSDT",
      confidence: 90,
      msg: "position stored",
    });
  });

  it("leaves out what is below its level", () => {
    const { logger, text } = logged({ level: "warn" });
    logger.info("quiet");
    expect(text()).toBe("");
    logger.warn("loud");
    expect(text()).toContain("loud");
  });

  it.each(["json", "pretty"] as const)("hides secrets in the fields (%s)", (format) => {
    const { logger, text } = logged({ format });
    const secret = "hunter2";
    const secrets = {
      password: secret,
      secret,
      apiKey: secret,
      apiSecret: secret,
      accessKeyId: secret,
      secretAccessKey: secret,
      sessionToken: secret,
      authorization: secret,
    };
    logger.info(secrets, "at the top");
    logger.info({ broker: secrets }, "one level down");
    logger.info({ request: { headers: secrets } }, "two levels down");
    logger.error({ err: Object.assign(new Error("refused"), { config: secrets }) }, "in an error");
    logger.child({ apiKey: secret }).info("in a child");
    expect(text()).not.toContain(secret);
    expect(text()).toContain("(hidden)");
  });

  it("tells an error with its cause and stack", () => {
    const { logger, text } = logged();
    logger.error({ err: new Error("no candles", { cause: new Error("HTTP 500") }) }, "service failed");
    expect(JSON.parse(text()).err).toMatchObject({
      type: "Error",
      message: expect.stringContaining("no candles"),
      stack: expect.stringContaining("HTTP 500"),
    });
  });

  it("names the services of one process by their children", () => {
    const { logger, text } = logged({}, null);
    logger.child({ service: "scanner" }).info("universe ranked");
    expect(JSON.parse(text()).service).toBe("scanner");
  });

  it("is readable for eyes: time, level, service, message, then the fields", () => {
    const { logger, text } = logged({ format: "pretty" });
    logger.info({ symbol: "BTCUSDT" }, "coin taken");
    expect(text()).toMatch(/\[\d\d:\d\d:\d\d\].*INFO.*finder +coin taken/s);
    expect(text()).toContain("BTCUSDT");
  });
});
