import { configuration } from "#libs/config/configuration.ts";
import { POSITIONS_TABLE, RESULTS_TABLE, SCAN_HISTORY_TABLE, SIGNALS_TABLE } from "#libs/contracts/tables.ts";
import { runService } from "#libs/runtime/lifecycle.ts";
import { makeLogger } from "#libs/runtime/logging.ts";
import { LOCAL_CREDENTIALS, makeDynamoClient } from "#libs/store/dynamodb/requests/client.ts";
import { createTables } from "#libs/store/dynamodb/tables/create-tables.ts";

/**
 * Creates the tables at AWS_ENDPOINT_URL (LocalStack, DynamoDB Local) or in the account of AWS_REGION;
 * on AWS the stack creates them, so this is for everywhere else. Exits with 1 when an existing table
 * differs from its definition.
 */
await runService("create-tables", async (scope) => {
  const config = configuration(scope.environment, [
    "AWS_REGION",
    "AWS_ENDPOINT_URL",
    "RESULTS_TABLE",
    "POSITIONS_TABLE",
    "SIGNALS_TABLE",
    "SCAN_HISTORY_TABLE",
    "LOG_LEVEL",
    "LOG_FORMAT",
  ]);
  const log = makeLogger({ service: "create-tables", level: config.logLevel, format: config.logFormat });
  scope.useLogger(log);
  // Without keys in the environment the SDK would look for a task role, which a local endpoint does not need.
  const local = config.awsEndpointUrl !== undefined && scope.environment.AWS_ACCESS_KEY_ID === undefined;
  const client = scope.own(
    makeDynamoClient({
      region: config.awsRegion,
      endpoint: config.awsEndpointUrl,
      credentials: local ? LOCAL_CREDENTIALS : undefined,
    }),
    (it) => it.destroy(),
  );
  const reports = await createTables(client, [
    { ...RESULTS_TABLE, name: config.resultsTable },
    { ...POSITIONS_TABLE, name: config.positionsTable },
    { ...SIGNALS_TABLE, name: config.signalsTable },
    { ...SCAN_HISTORY_TABLE, name: config.scanHistoryTable },
  ]);
  for (const { name, outcome, differences, missing } of reports) {
    if (differences.length > 0) {
      log.error(
        { table: name, differences },
        "table exists and differs from its definition: delete it or use another name",
      );
    } else {
      log.info({ table: name, missing }, outcome === "created" ? "table created" : "table exists");
    }
  }
  return reports.some((report) => report.differences.length > 0) ? 1 : 0;
});
