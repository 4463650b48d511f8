import { readFileSync } from "node:fs";
import { z } from "zod";

const usd = z.number().min(0);

const pricesSchema = z.strictObject({
  region: z.string(),
  currency: z.literal("USD"),
  /** When the prices were collected. */
  date: z.string().regex(/^\d{4}-\d{2}/),
  source: z.string(),
  hoursPerMonth: z.number().positive(),
  fargateArmVcpuHour: usd,
  fargateArmGbHour: usd,
  /** Spot's price as a share of the on-demand price; it moves with the market. */
  fargateSpotShare: z.number().min(0).max(1),
  brokerHour: z.record(z.string(), usd),
  brokerStorageGbMonth: usd,
  publicIpv4Hour: usd,
  natGatewayHour: usd,
  natGatewayGb: usd,
  alarmMetricMonth: usd,
  customMetricMonth: usd,
  freeDashboards: z.int(),
  dashboardMonth: usd,
  logIngestGb: usd,
  logStoredGbMonth: usd,
  dynamoWriteMillion: usd,
  dynamoReadMillion: usd,
  dynamoStoredGbMonth: usd,
  dynamoBackupGbMonth: usd,
  secretMonth: usd,
  registryGbMonth: usd,
  /** The cost of the earlier system of this kind, for comparison. */
  otherSystemMonth: usd,
});
export type Prices = z.infer<typeof pricesSchema>;

/** The prices of prices.json, which documents where and when they were collected. */
export function readPrices(): Prices {
  return pricesSchema.parse(JSON.parse(readFileSync(new URL("prices.json", import.meta.url), "utf8")));
}
