import { BACKTEST_TASKS, TRADING_SIGNALS } from "#libs/contracts/queues.ts";
import { monotonicMs } from "#libs/runtime/clock.ts";
import { makeKeyedMutex } from "#libs/runtime/keyed-mutex.ts";
import type { FaultPlan } from "#libs/simulator/faults.ts";
import type { Fate } from "#test/support/database/faulty-dynamodb.ts";
import { makeRandom } from "#test/support/factories/random.ts";
import type { DatabaseTrouble, Fault, Phase } from "./faults.ts";
import type { Fleet } from "./fleet.ts";
import { duplicate } from "./queues.ts";
import type { Stage } from "./stage.ts";

export interface Injection {
  /** How often each kind of fault has struck. */
  readonly struck: Readonly<Record<string, number>>;
  /** Resolves when every fault with a time has come and gone. */
  readonly over: Promise<void>;
  /** Heals what is left: the database, the exchange. */
  end(): void;
}

export interface InjectorParts {
  readonly stage: Stage;
  readonly fleet: Fleet;
  readonly seed: number;
  /** Told when the world could not be made to go wrong: that is the harness's failure. */
  readonly failed: (what: string, error: unknown) => void;
}

/** Lets the faults of a phase strike, from now on. */
export function inject(phase: Phase, faults: readonly Fault[], parts: InjectorParts): Injection {
  const { stage, fleet, failed } = parts;
  const struck: Record<string, number> = {};
  const count = (kind: string, times = 1) => {
    struck[kind] = (struck[kind] ?? 0) + times;
  };
  const random = makeRandom(parts.seed * 31 + (phase === "scan" ? 1 : 2));
  const exclusively = makeKeyedMutex();
  const outages = new Set<DatabaseTrouble>();
  const before = stage.simulator.requests();
  const reached = makeProgress(() => requests + stage.simulator.requests().total - before.total);

  const requestsOf = new Map<string, number>();
  let requests = 0;
  stage.database.decide = (_operation, _before, door) => {
    requests += 1;
    const own = (requestsOf.get(door) ?? 0) + 1;
    requestsOf.set(door, own);
    for (const fault of faults) {
      if (fault.kind === "kill at request" && fault.worker === door && fault.request === own) {
        const kill = () => {
          count(fault.kind);
          fleet.signal(fault.worker, "SIGKILL");
        };
        if (fault.carriedOut) return { kind: "lose answer", carriedOut: kill };
        kill();
        return { kind: "swallow" };
      }
    }
    for (const trouble of outages) {
      count(`database ${trouble}`);
      return fateOf(trouble);
    }
    for (const fault of faults) {
      if (fault.kind !== "database") continue;
      const within = requests >= fault.fromRequest && requests < fault.fromRequest + fault.requests;
      if (!within || random() >= fault.share) continue;
      count(`database ${fault.trouble}`);
      return fateOf(fault.trouble);
    }
    return { kind: "pass" };
  };
  stage.simulator.setFaults(exchangePlan(faults, parts.seed));

  const timed = faults.map(async (fault) => {
    try {
      await strike(fault);
    } catch (error) {
      failed(fault.kind, error);
    }
  });

  async function strike(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case "kill":
      case "terminate":
        await reached(fault.at);
        fleet.signal(fault.worker, fault.kind === "kill" ? "SIGKILL" : "SIGTERM");
        count(fault.kind);
        return;
      case "hang":
        await reached(fault.at);
        fleet.signal(fault.worker, "SIGSTOP");
        count(fault.kind);
        await wait(fault.forMs);
        fleet.signal(fault.worker, "SIGCONT");
        return;
      case "clock":
        count(fault.kind);
        return;
      case "broker restart":
        await reached(fault.at);
        count(fault.kind);
        await exclusively("broker", async () => {
          await stage.broker.kill();
          await wait(fault.downMs);
          await stage.broker.start();
        });
        return;
      case "cut": {
        await reached(fault.at);
        count(fault.kind);
        const { proxy } = networkOf(fault.worker);
        proxy.allow(false);
        proxy.cut();
        await wait(fault.refusedMs);
        proxy.allow(true);
        return;
      }
      case "half-open": {
        await reached(fault.at);
        count(fault.kind);
        const { proxy } = networkOf(fault.worker);
        proxy.freeze(true);
        await wait(fault.forMs);
        proxy.freeze(false);
        return;
      }
      case "duplicates": {
        await reached(fault.at);
        const queue = phase === "scan" ? BACKTEST_TASKS.name : TRADING_SIGNALS.name;
        count("duplicated message", await duplicate(stage.brokerUrl, queue, fault.messages, random));
        return;
      }
      case "database outage":
        await reached(fault.at);
        count(fault.kind);
        await duringOutage(fault.trouble, () => wait(fault.forMs));
        return;
      case "full parking":
        await reached(fault.at);
        count(fault.kind);
        await setPolicy(
          "set_policy",
          "full-parking",
          "[.]retry[.]",
          '{"max-length":1}',
          "--apply-to",
          "queues",
        );
        await duringOutage("500", () => wait(fault.forMs));
        await setPolicy("clear_policy", "full-parking");
        return;
      case "poison":
      case "stale":
        count(fault.kind);
        return;
      case "kill at request":
      case "database":
      case "exchange":
        // They strike by the number of the request.
        return;
    }
  }

  /** The broker's tool needs the broker. */
  async function setPolicy(command: string, ...policy: readonly string[]): Promise<void> {
    await exclusively("broker", async () => {
      await stage.broker.ctl(command, "-p", stage.vhost, ...policy);
    });
  }

  async function duringOutage(trouble: DatabaseTrouble, work: () => Promise<void>): Promise<void> {
    outages.add(trouble);
    await work();
    outages.delete(trouble);
  }

  function networkOf(worker: string) {
    for (const [name, network] of stage.network) if (name === worker) return network;
    throw new Error(`no network for ${worker}`);
  }

  return {
    struck,
    over: Promise.all(timed).then(() => {}),
    end() {
      count("exchange", stage.simulator.requests().faults - before.faults);
      stage.simulator.setFaults({ faults: [] });
      stage.database.decide = () => ({ kind: "pass" });
    },
  };
}

function exchangePlan(faults: readonly Fault[], seed: number): FaultPlan {
  return {
    seed,
    faults: faults
      .filter((fault) => fault.kind === "exchange")
      .map(({ trouble, after, times, delayMs }) => ({ kind: trouble, after, times, delayMs })),
  };
}

function fateOf(trouble: DatabaseTrouble): Fate {
  switch (trouble) {
    case "throttled":
      return {
        kind: "error",
        status: 400,
        type: "ProvisionedThroughputExceededException",
        message: "The level of configured provisioned throughput for the table was exceeded.",
      };
    case "500":
      return { kind: "error", status: 500, type: "InternalServerError", message: "Internal server error" };
    case "503":
      return { kind: "error", status: 503, type: "ServiceUnavailable", message: "Service unavailable" };
    case "answer lost":
      return { kind: "lose answer" };
    case "answer late":
      return { kind: "hang" };
    case "answer stops midway":
      return { kind: "stall" };
    case "no answer":
      return { kind: "swallow" };
  }
}

/** When work stands still for so long, it waits for a fault to pass: the next one strikes there. */
const STANDSTILL_MS = 2_000;

/** Waits until the phase has come to a request, or does not come to it. */
function makeProgress(count: () => number): (request: number) => Promise<void> {
  let last = 0;
  let movedMs = monotonicMs();
  return async (request) => {
    for (;;) {
      const now = count();
      if (now !== last) {
        last = now;
        movedMs = monotonicMs();
      }
      if (now >= request || (now > 0 && monotonicMs() - movedMs > STANDSTILL_MS)) return;
      await wait(5);
    }
  };
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
