import { z } from "zod";
import { shownValue } from "#libs/contracts/shown-value.ts";
import { MANIFESTS } from "#services/manifests.ts";
import type { ServiceManifest } from "#services/shared/manifest.ts";
import { oneOf, text, whole } from "./context-values.ts";
import {
  type Complaint,
  complaintsOf,
  type ServiceSettings,
  serviceRules,
  serviceSettings,
} from "./service-settings.ts";

/** Retentions that CloudWatch Logs supports, up to a year. */
const LOG_RETENTION_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365] as const;

/** What `cdk synth` and `cdk deploy` take as `-c name=value`, or from `context` in cdk.json, for the whole stack. */
const stackRules = z.strictObject({
  /** `none`: tasks have public addresses without inbound rules; `nat`: one NAT gateway with one fixed address. */
  egress: oneOf(["none", "nat"]).default("none"),
  /** `local`: the deployment builds the Dockerfiles; `ecr`: pulled from crypto-backtest-*. */
  images: oneOf(["local", "ecr"]).default("local"),
  /** The tag to pull with `images: ecr`. */
  imageTag: z
    .preprocess(text, z.string().regex(/^[\w][\w.-]{0,127}$/, "expected an image tag"))
    .default("latest"),
  /**
   * What runs on Fargate Spot, at about a third of the price: a task may be stopped with two minutes' notice,
   * which loses no work, and may have to wait for capacity in the zone.
   */
  spot: oneOf(["none", "analyzers", "all"]).default("none"),
  /** Metrics per task and service beyond the free ones: about $16 a month. */
  containerInsights: oneOf(["enabled", "disabled"]).default("enabled"),
  brokerInstanceType: z
    .preprocess(text, z.string().regex(/^mq\.[a-z0-9]+\.[a-z0-9]+$/, "expected a type such as mq.m7g.medium"))
    .default("mq.m7g.medium"),
  logRetentionDays: z
    .preprocess(
      (value) => (typeof value === "string" && /^\d+$/.test(value.trim()) ? Number(value) : value),
      z.literal(LOG_RETENTION_DAYS, { error: `expected one of ${LOG_RETENTION_DAYS.join(", ")}` }),
    )
    .default(14),
  /** The maximum write units per second of each table; by default DynamoDB's limit for on-demand tables applies. */
  maxWriteUnits: whole(1, 40_000).optional(),
  /** US dollars a month for the whole account; 80 % spent or 100 % forecast sends a notification. */
  budgetUsd: whole(1, 1_000_000).default(180),
  /** The recipient of alarms and budget notifications; without it, subscribe to the topic yourself. */
  alarmEmail: z.preprocess(text, z.email("expected an e-mail address")).optional(),
});

export type Settings = z.infer<typeof stackRules> & {
  /** By the name of the service. */
  readonly services: Readonly<Record<string, ServiceSettings>>;
};

/** The names of all settings, for error messages and documentation. */
export function settingNames(manifests: readonly ServiceManifest[] = MANIFESTS): readonly string[] {
  const { figures, modes } = serviceRules(manifests);
  return [stackRules, modes, figures].flatMap(({ shape }) => Object.keys(shape));
}

/** One or more settings are invalid; the message names each with its value and what is expected. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/** The CDK's own context (`@aws-cdk/...`, `aws:cdk:...`, look-ups) has these characters, a setting never does. */
const isOurs = (key: string) => !/[@:/]/.test(key);

/** An environment variable of the services, given as context under its own name: `-c MIN_WIN_RATE=50`. */
export const isVariable = (key: string) => /^[A-Z][A-Z0-9_]*$/.test(key);

/**
 * Parses the settings in the app's context. Keys of the CDK and the services' variables are ignored; any other unknown
 * name is rejected, because it is a mistyped setting that would silently do nothing.
 * @throws SettingsError naming every invalid setting.
 */
export function parseSettings(
  context: Readonly<Record<string, unknown>>,
  manifests: readonly ServiceManifest[] = MANIFESTS,
): Settings {
  const given = Object.entries(context).filter(([key]) => isOurs(key) && !isVariable(key));
  const rules = serviceRules(manifests);
  const ofServices = new Set([rules.figures, rules.modes].flatMap(({ shape }) => Object.keys(shape)));
  const values = Object.fromEntries(given);
  const stack = stackRules.safeParse(Object.fromEntries(given.filter(([name]) => !ofServices.has(name))));
  const figures = rules.figures.safeParse(values);
  const modes = rules.modes.safeParse(values);
  const complaints = [stack, figures, modes].flatMap(({ error }) => complaintsIn(error, manifests));
  const services = new Map<string, ServiceSettings>();
  for (const manifest of figures.success ? manifests : []) {
    const settings = serviceSettings(manifest, figures.data ?? {}, modes.data ?? {});
    complaints.push(...complaintsOf(manifest.name, settings));
    services.set(manifest.name, settings);
  }
  if (stack.success && complaints.length === 0) {
    return { ...stack.data, services: Object.fromEntries(services) };
  }
  const lines = complaints.map(({ name, message }) =>
    name === "" ? message : `${name}: ${message} (got ${shownValue(values[name] ?? null)})`,
  );
  throw new SettingsError(`invalid context:\n  ${lines.join("\n  ")}`);
}

function complaintsIn(error: z.ZodError | undefined, manifests: readonly ServiceManifest[]): Complaint[] {
  return (error?.issues ?? []).map((issue) => {
    if (issue.code === "unrecognized_keys") {
      const names = issue.keys.slice(0, 5).map((key) => key.slice(0, 60));
      const known = settingNames(manifests).join(", ");
      return { name: "", message: `${names.join(", ")}: unknown setting; expected one of ${known}` };
    }
    return { name: issue.path.map(String).join("."), message: issue.message };
  });
}
