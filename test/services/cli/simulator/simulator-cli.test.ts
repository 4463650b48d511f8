import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { DEFAULT_START_MS } from "#libs/simulator/synthetic/synthetic-exchange.ts";
import { eventually } from "#test/support/eventually.ts";

const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});

interface Started {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  readonly exitCode: Promise<number | null>;
}

function simulator(...args: string[]): Started {
  const child = spawn(process.execPath, ["--import", "tsx", "services/cli/simulator/main.ts", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.push(child);
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  const exitCode = once(child, "close").then(([code]): number | null => code);
  return { child, stdout: () => stdout, stderr: () => stderr, exitCode };
}

describe("the simulator command", () => {
  it.each(["SIGTERM", "SIGINT"] as const)("serves until %s and then ends with code 0", async (signal) => {
    const { child, stdout, exitCode } = simulator("--port", "0", "--speed", "0");
    const url = await eventually("the address is printed", () => /http:\S+/.exec(stdout())?.[0]);
    const reply = await fetch(`${url}/v5/market/time`);
    expect(await reply.json()).toMatchObject({ retCode: 0, time: DEFAULT_START_MS });
    expect(stdout()).toContain("SIMULATED");
    child.kill(signal);
    expect(await exitCode).toBe(0);
  });

  it("starts its clock where it is told to", async () => {
    const { stdout } = simulator(
      "--port",
      "0",
      "--speed",
      "0",
      "--from",
      "2025-03-01T10:00:30Z",
      "--seed",
      "3",
    );
    const url = await eventually("the address is printed", () => /http:\S+/.exec(stdout())?.[0]);
    const reply = await fetch(`${url}/v5/market/time`);
    expect(await reply.json()).toMatchObject({ time: Date.UTC(2025, 2, 1, 10, 0, 30) });
  });

  it.each([
    ["a port that is none", ["--port", "abc"], "--port"],
    ["a folder without recordings", ["--data", "services/cli"], "EXCHANGE_SYMBOL_INTERVAL"],
    ["a seed for recorded prices", ["--data", ".", "--seed", "1"], "--seed"],
    ["an unknown option", ["--sped", "2"], "--sped"],
  ])("refuses %s with code 2 and nothing on standard output", async (_, args, named) => {
    const { stdout, stderr, exitCode } = simulator(...args);
    expect(await exitCode).toBe(2);
    expect(stdout()).toBe("");
    expect(stderr()).toContain(named);
  });
});
