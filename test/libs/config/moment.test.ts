import { describe, expect, it } from "vitest";
import { parseMoment } from "#libs/config/moment.ts";

describe("parseMoment", () => {
  it.each([
    ["2026-01-15T12:00:30Z", Date.UTC(2026, 0, 15, 12, 0, 30)],
    ["2026-01-15T12:00:30.250Z", Date.UTC(2026, 0, 15, 12, 0, 30, 250)],
    ["2026-01-15T21:00:30+09:00", Date.UTC(2026, 0, 15, 12, 0, 30)],
    ["2026-01-15T12:00Z", Date.UTC(2026, 0, 15, 12)],
    [" 2026-01-15 ", Date.UTC(2026, 0, 15)],
  ])("reads %s", (text, ms) => {
    expect(parseMoment(text)).toBe(ms);
  });

  it.each(["2026-07-15T12:00:30", "2026-07-15 12:00:30"])(
    "takes %s, which names no zone, for UTC wherever the machine is",
    (text) => {
      const zone = process.env.TZ;
      try {
        for (const where of ["Asia/Seoul", "America/New_York", "UTC"]) {
          process.env.TZ = where;
          expect(parseMoment(text)).toBe(Date.UTC(2026, 6, 15, 12, 0, 30));
        }
      } finally {
        if (zone === undefined) delete process.env.TZ;
        else process.env.TZ = zone;
      }
    },
  );

  it.each([
    "",
    "5",
    "now",
    "15.01.2026",
    "2026-13-01",
    "2026-01-15T25:00Z",
    "2026-01-15T12",
    "1768478430000",
    "0001-01-01",
    "1970-01-01T00:00:00Z",
    "9999-12-31",
  ])("does not guess at %j", (text) => {
    expect(parseMoment(text)).toBeNull();
  });
});
