import { afterEach, describe, expect, it } from "vitest";
import { eventually } from "#test/support/eventually.ts";
import { type Program, startProgram } from "#test/support/process/program.ts";

const RELEASED = "released consumer\nreleased connection\n";

describe("a service", () => {
  let program: Program | undefined;
  afterEach(async () => {
    program?.kill("SIGKILL");
    await program?.exited;
  });

  function start(way: string, deadlineMs?: number): Program {
    const deadline = deadlineMs === undefined ? [] : [String(deadlineMs)];
    program = startProgram("test/support/process/lifecycle-program.ts", [way, ...deadline]);
    return program;
  }
  const says = (running: Program, text: string) =>
    eventually(`it says ${text}`, () => running.stdout().includes(text));

  it.each([
    ["ends", 0],
    ["ends with 3", 3],
  ])("releases what it holds, the last first, when it %s", async (way, code) => {
    const running = start(way);
    expect(await running.exited).toBe(code);
    expect(running.stdout()).toBe(RELEASED);
    expect(running.stderr()).toBe("");
  });

  it("publishes what it has counted of faults before it ends", async () => {
    const running = start("tells a fault");
    expect(await running.exited).toBe(0);
    const lines = running
      .stdout()
      .split("\n")
      .filter((line) => line.startsWith("{"));
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { fault: "BrokerReconnects" },
      { Service: "fixture", BrokerReconnects: 1, _aws: {} },
    ]);
  });

  it("exits with 1 and one line when it fails, and releases what it holds", async () => {
    const running = start("fails");
    expect(await running.exited).toBe(1);
    expect(running.stdout()).toBe(RELEASED);
    expect(running.stderr().trimEnd().split("\n")).toHaveLength(1);
    expect(running.stderr()).toContain("the database is gone");
  });

  it("exits with 2 and the bare complaint when its configuration is wrong", async () => {
    const running = start("wrongly configured");
    expect(await running.exited).toBe(2);
    expect(running.stderr()).toBe("invalid configuration: PORT: expected a number (got many)\n");
  });

  it.each(["is refused", "fails beside its work"])(
    "exits with 3 and one line, and releases what it holds, when it %s",
    async (way) => {
      const running = start(way);
      expect(await running.exited).toBe(3);
      expect(running.stdout()).toContain(RELEASED);
      expect(running.stderr().trimEnd().split("\n")).toHaveLength(1);
      expect(running.stderr()).toContain("the broker refuses the user: check the password");
    },
  );

  it("exits with 1 when something cannot be released, and releases the rest", async () => {
    const running = start("release fails");
    expect(await running.exited).toBe(1);
    expect(running.stdout()).toBe("released connection\n");
    expect(running.stderr()).toContain("the broker is gone");
  });

  it.each(["rejects unheard", "throws in a timer"])("exits with 1 when it %s", async (way) => {
    const running = start(way);
    expect(await running.exited).toBe(1);
    expect(running.stderr()).toMatch(/nobody heard this|thrown in a timer/);
  });

  it.each(["SIGTERM", "SIGINT"] as const)(
    "stops at %s, releases what it holds and exits with 0",
    async (signal) => {
      const running = start("waits");
      await says(running, "ready");
      running.kill(signal);
      expect(await running.exited).toBe(0);
      expect(running.stdout()).toBe(`ready\n${RELEASED}`);
    },
  );

  it.each(["starts slowly", "stopped before it waits"])(
    "exits with 0 when it is stopped while it starts (%s)",
    async (way) => {
      const running = start(way);
      await says(running, "ready");
      running.kill("SIGTERM");
      expect(await running.exited).toBe(0);
      expect(running.stdout()).toBe(`ready\n${RELEASED}`);
    },
  );

  it.each(["release hangs", "start hangs"])("exits with 1 when it cannot stop in time (%s)", async (way) => {
    const running = start(way, 100);
    await says(running, "ready");
    running.kill("SIGTERM");
    expect(await running.exited).toBe(1);
    expect(running.stdout()).not.toContain("released");
  });

  it("ends at once at the second signal while its release hangs", async () => {
    const running = start("release hangs");
    await says(running, "ready");
    running.kill("SIGTERM");
    await says(running, "releasing");
    running.kill("SIGTERM");
    expect(await running.exited).toBe(130);
    expect(running.stdout()).not.toContain("released");
  });

  it("ends at once at the second signal while its start hangs", async () => {
    const running = start("start hangs");
    await says(running, "ready");
    running.kill("SIGTERM");
    await eventually("it has heard the first one", () => running.stderr().includes("SIGTERM"));
    running.kill("SIGINT");
    expect(await running.exited).toBe(130);
  });
});
