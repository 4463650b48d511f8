import { makeBybitMarketData } from "#libs/market/bybit/bybit-market-data.ts";
import { makeExchangeClock } from "#libs/market/exchange-clock.ts";
import { clockOf } from "#libs/runtime/clock.ts";
import { runEvery } from "#libs/runtime/every.ts";
import { runService } from "#libs/runtime/lifecycle.ts";
import { makeLogger } from "#libs/runtime/logging.ts";
import { makeLedgerStore } from "#libs/store/dynamodb/ledger-store.ts";
import { makeDynamoClient } from "#libs/store/dynamodb/requests/client.ts";
import { bybitOptions } from "#services/shared/bybit-options.ts";
import { signalSourceOf } from "#services/shared/signal-source.ts";
import { executorConfig } from "./config.ts";
import { makeSettleSignals } from "./settle-signals.ts";

await runService("executor", async (scope) => {
  const config = executorConfig(scope.environment);
  const logger = makeLogger({ service: "executor", level: config.logLevel, format: config.logFormat });
  scope.useLogger(logger);

  const dynamo = makeDynamoClient({ region: config.awsRegion, endpoint: config.awsEndpointUrl, logger });
  scope.own(dynamo, (client) => client.destroy());
  const market = makeBybitMarketData({
    ...bybitOptions(config),
    stopping: scope.stopping,
    logger,
  });
  const clock = makeExchangeClock(market, clockOf(config.simulatedTime));
  const settleSignals = makeSettleSignals({
    ledger: makeLedgerStore(dynamo, { tableName: config.signalsTable, clock, logger }),
    market,
    clock,
    source: signalSourceOf(config),
    logger,
  });
  await runEvery({ everySeconds: 60, clock, stopping: scope.stopping, logger }, async () => {
    await settleSignals();
  });
});
