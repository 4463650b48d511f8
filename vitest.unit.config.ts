import { defineConfig } from "vitest/config";

/** What needs no broker, no database, no browser, no other process and no long time: seconds in all. */
export default defineConfig({
  test: {
    include: [
      "test/{boundaries,readme,node-line}.test.ts",
      "test/libs/{candles,config,contracts,history,recordings,terminal,trading}/**/*.test.ts",
      "test/libs/strategy/{*,indicators/*}.test.ts",
      "test/libs/backtest/{figures,returns-correlation}.test.ts",
      "test/libs/backtest/statistics/*.test.ts",
      "test/services/manifests.test.ts",
      "test/infra/{images,settings,variables}.test.ts",
    ],
    testTimeout: 30_000,
    maxWorkers: 2,
  },
});
