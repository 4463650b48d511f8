import { ConfigurationError } from "#libs/config/configuration.ts";
import { type Environment, processEnvironment, silenceSdkVersionNote } from "#libs/config/environment.ts";
import { printError } from "#libs/terminal/terminal.ts";
import { flushFaults, type Logger, makeLogger } from "./logging.ts";
import { EXIT_PERMANENT_FAILURE, PermanentFailure } from "./permanent-failure.ts";

/** ECS sends SIGKILL at most 120 s after SIGTERM; a service that has not stopped exits before that. */
const STOP_DEADLINE_MS = 110_000;

type Release = () => Promise<void> | void;

/** What a composition root receives: the environment, and a stack of releases that runs in reverse. */
export interface ServiceScope {
  readonly environment: Environment;
  /** Aborts with the first SIGTERM or SIGINT, or with `fail`. */
  readonly stopping: AbortSignal;
  /** Keeps a resource until the service ends; the last one acquired is released first. */
  own<T>(resource: T, release: (resource: T) => Promise<void> | void): T;
  /** Resolves when the service has been asked to stop. */
  untilStopped(): Promise<void>;
  /** Stops the service as SIGTERM does, with the exit code of this error. The first call counts. */
  fail(error: Error): void;
  /** Sets the logger for failures; until it is set they go to a plain JSON log. */
  useLogger(logger: Logger): void;
}

/**
 * Runs one service from start to exit code: 0 if it finished or was stopped, 1 if it failed, 2 if its configuration is
 * invalid, 3 if a dependency refuses it permanently. The first SIGTERM or SIGINT stops it gracefully, within the
 * deadline (else 1), the second one at once. The only file that handles signals and sets the exit code.
 */
export async function runService(
  name: string,
  main: (scope: ServiceScope) => Promise<number | undefined>,
  { stopDeadlineMs = STOP_DEADLINE_MS }: { readonly stopDeadlineMs?: number } = {},
): Promise<never> {
  silenceSdkVersionNote();
  let logger = makeLogger({ service: name, level: "info", format: "json", fd: 2 });
  const releases: Release[] = [];
  const stop = new AbortController();
  let deadlineRuns = false;
  const startDeadline = () => {
    if (deadlineRuns) return;
    deadlineRuns = true;
    setTimeout(() => {
      logger.error(
        { seconds: stopDeadlineMs / 1000 },
        "shutdown deadline exceeded: exiting with unfinished work",
      );
      flushFaults(logger);
      process.exit(1);
    }, stopDeadlineMs).unref();
  };
  let failureCode: number | null = null;
  let signals = 0;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      signals += 1;
      if (signals > 1) process.exit(130);
      logger.info({ signal }, "stopping: work in progress is finished or returned to the queue");
      startDeadline();
      stop.abort();
    });
  }
  const crash = (error: unknown) => {
    logger.fatal({ err: error }, "unexpected error: exiting, unacknowledged messages will be redelivered");
    flushFaults(logger);
    process.exit(1);
  };
  process.on("uncaughtException", crash);
  process.on("unhandledRejection", crash);

  const scope: ServiceScope = {
    environment: processEnvironment(),
    stopping: stop.signal,
    own(resource, release) {
      releases.push(() => release(resource));
      return resource;
    },
    untilStopped: () =>
      stop.signal.aborted
        ? Promise.resolve()
        : new Promise((resolve) => stop.signal.addEventListener("abort", () => resolve(), { once: true })),
    fail(error) {
      if (failureCode !== null) return;
      failureCode = exitCodeOf(error, logger, false);
      startDeadline();
      stop.abort();
    },
    useLogger(next) {
      logger = next;
    },
  };

  let code = 0;
  try {
    code = (await main(scope)) ?? 0;
  } catch (error) {
    if (failureCode === null) code = exitCodeOf(error, logger, stop.signal.aborted);
  }
  code = failureCode ?? code;
  startDeadline();
  for (const release of releases.reverse()) {
    try {
      await release();
    } catch (error) {
      logger.error({ err: error }, "could not release a resource");
      code = code === 0 ? 1 : code;
    }
  }
  flushFaults(logger);
  process.exit(code);
}

function exitCodeOf(error: unknown, logger: Logger, stopped: boolean): number {
  if (error instanceof ConfigurationError) {
    printError(`${error.message}\n`);
    return 2;
  }
  if (error instanceof PermanentFailure) {
    logger.fatal({ reason: error.message }, "service refused permanently: exiting");
    return EXIT_PERMANENT_FAILURE;
  }
  if (stopped) {
    logger.info({ err: error }, "stopped during startup");
    return 0;
  }
  logger.fatal(isExpected(error) ? { reason: error.message } : { err: error }, "service failed");
  return 1;
}

/** Failures of dependencies, whose message is sufficient; any other error is logged with its stack. */
const EXPECTED = ["StoreError", "QueueError", "MarketError"];

function isExpected(error: unknown): error is Error {
  return error instanceof Error && EXPECTED.includes(error.name);
}
