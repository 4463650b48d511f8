import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { SCAN_HISTORY_TABLE } from "#libs/contracts/tables.ts";
import type { Clock } from "#libs/runtime/clock.ts";
import type { ServiceScope } from "#libs/runtime/lifecycle.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import { makePulseStore } from "#libs/store/dynamodb/status/pulse-store.ts";
import { makeAnalyzerPulse } from "#services/analyzer/analyzer-pulse.ts";
import { makeFinderPulse } from "#services/finder/finder-pulse.ts";
import { makeScannerPulse } from "#services/scanner/scanner-pulse.ts";
import { makeSelectorPulse } from "#services/selector/selector-pulse.ts";
import { startPulse } from "#services/shared/pulse.ts";

/** The pulses of the four services, each as the service by itself writes it. */
export function startPulses(
  scope: Pick<ServiceScope, "own">,
  parts: {
    readonly dynamo: DynamoDBDocumentClient;
    readonly clock: Clock;
    readonly speed: number;
    readonly worker: string;
    readonly loggerOf: (service: string) => Logger;
  },
) {
  const { dynamo, clock, speed, worker, loggerOf } = parts;
  const store = makePulseStore(dynamo, {
    tableName: SCAN_HISTORY_TABLE.name,
    clock,
    logger: loggerOf("local"),
  });
  const figures = {
    scanner: makeScannerPulse(clock),
    analyzer: makeAnalyzerPulse(clock),
    selector: makeSelectorPulse(clock),
    finder: makeFinderPulse(clock),
  };
  const start = (service: keyof typeof figures, each: "minute" | "run") =>
    scope.own(
      startPulse(
        { store, clock, speed, worker, logger: loggerOf(service) },
        { each, read: figures[service].read },
      ),
      (running) => running.close(),
    );
  const selector = start("selector", "run");
  const running = [
    selector,
    ...(["scanner", "analyzer", "finder"] as const).map((name) => start(name, "minute")),
  ];
  return {
    ...figures,
    store,
    beatOfSelector: selector.beat,
    /** Writes the last ones; the end of the scope does so too. */
    async stop(): Promise<void> {
      await Promise.all(running.map((pulse) => pulse.close()));
    },
  };
}
