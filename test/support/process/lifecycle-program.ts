import { ConfigurationError } from "#libs/config/configuration.ts";
import { FAULTS } from "#libs/contracts/faults.ts";
import { logFault } from "#libs/runtime/fault-log.ts";
import { runService, type ServiceScope } from "#libs/runtime/lifecycle.ts";
import { makeLogger } from "#libs/runtime/logging.ts";
import { pause } from "#libs/runtime/pause.ts";
import { PermanentFailure } from "#libs/runtime/permanent-failure.ts";
import { realSleep } from "#libs/runtime/sleep.ts";
import { commandLineArguments, print } from "#libs/terminal/terminal.ts";

const HOUR_MS = 3_600_000;

const [way, deadlineMs] = commandLineArguments();

/** A service that does what its first argument says, for tests of its start and end. */
async function fixture(scope: ServiceScope): Promise<number | undefined> {
  // A connection would keep a real service alive.
  const connection = setInterval(() => {}, HOUR_MS);
  scope.own("connection", (name) => {
    clearInterval(connection);
    print(`released ${name}\n`);
  });
  scope.own("consumer", async (name) => {
    if (way === "release hangs") {
      print("releasing\n");
      await realSleep(HOUR_MS);
    }
    if (way === "release fails") throw new Error("the broker is gone");
    await pause(1);
    print(`released ${name}\n`);
  });
  switch (way) {
    case "tells a fault": {
      const logger = makeLogger({ service: "fixture", level: "info", format: "json" });
      scope.useLogger(logger);
      logFault(logger, FAULTS.brokerAway, { reason: "it is away" });
      return;
    }
    case "ends":
    case "release fails":
      return;
    case "ends with 3":
      return 3;
    case "fails":
      throw new Error("the database is gone");
    case "is refused":
      throw new PermanentFailure("the broker refuses the user: check the password");
    case "fails beside its work":
      setTimeout(() => {
        scope.fail(new PermanentFailure("the broker refuses the user: check the password"));
        scope.fail(new Error("and the connection broke"));
      }, 1);
      break;
    case "wrongly configured":
      throw new ConfigurationError("invalid configuration: PORT: expected a number (got many)");
    case "rejects unheard":
      void Promise.reject(new Error("nobody heard this"));
      break;
    case "throws in a timer":
      setTimeout(() => {
        throw new Error("thrown in a timer");
      }, 1);
      break;
    case "starts slowly":
      print("ready\n");
      await realSleep(HOUR_MS, scope.stopping);
      break;
    case "start hangs":
      print("ready\n");
      await realSleep(HOUR_MS);
      break;
    case "stopped before it waits":
      print("ready\n");
      await pause(HOUR_MS, scope.stopping);
      await scope.untilStopped();
      return;
  }
  print("ready\n");
  await scope.untilStopped();
  return;
}

await runService("fixture", fixture, deadlineMs === undefined ? {} : { stopDeadlineMs: Number(deadlineMs) });
