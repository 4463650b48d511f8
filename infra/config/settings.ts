import { z } from "zod";
import { shownValue } from "#libs/contracts/shown-value.ts";

/** CPU units and the MiB of memory that Fargate sells with them. */
const FARGATE_MEMORY_MIB: Readonly<Record<number, readonly number[]>> = {
  256: [512, 1024, 2048],
  512: [1024, 2048, 3072, 4096],
  1024: [2048, 3072, 4096, 5120, 6144, 7168, 8192],
};

/** Retentions that CloudWatch Logs knows, up to a year. */
const LOG_RETENTION_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365] as const;

const text = (value: unknown) => (typeof value === "string" ? value.trim() : value);

/** Context from the command line is text, context from cdk.json is not: both are taken. */
const whole = (min: number, max: number) =>
  z.preprocess(
    (value) => (typeof value === "string" && /^-?\d+$/.test(value.trim()) ? Number(value) : value),
    z
      .int({ error: `expected a whole number from ${min} to ${max}` })
      .min(min, `expected a whole number from ${min} to ${max}`)
      .max(max, `expected a whole number from ${min} to ${max}`),
  );
const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.preprocess(text, z.enum(values, { error: `expected ${values.join(" or ")}` }));

const size = (cpu: number, memoryMiB: number) => ({
  cpu: whole(256, 1024).default(cpu),
  memoryMiB: whole(512, 8192).default(memoryMiB),
});
const scanner = size(256, 512);
const analyzer = size(256, 512);
const selector = size(256, 512);
const finder = size(256, 512);

/**
 * What `cdk synth` and `cdk deploy` take as `-c name=value`, or from `context` in cdk.json. Sizes are Fargate
 * CPU units (1024 = one vCPU) and MiB.
 */
const settingsSchema = z
  .strictObject({
    /** `none`: tasks have public addresses and no way in; `nat`: one NAT gateway and one fixed address. */
    egress: oneOf(["none", "nat"]).default("none"),
    /** `schedule`: a task each minute; `service`: one task that stays and has its own minute tick. */
    selectorMode: oneOf(["schedule", "service"]).default("schedule"),
    /** `local`: built from the Dockerfiles by the deployment; `ecr`: pulled from crypto-backtest-*. */
    images: oneOf(["local", "ecr"]).default("local"),
    /** The tag to pull with `images: ecr`. */
    imageTag: z
      .preprocess(text, z.string().regex(/^[\w][\w.-]{0,127}$/, "expected an image tag"))
      .default("latest"),
    /**
     * What runs on Fargate Spot, at about a third of the price: a task may be taken away with two minutes' notice,
     * which loses no work, and may have to wait for a place when the zone has none to spare.
     */
    spot: oneOf(["none", "analyzers", "all"]).default("none"),
    /** Metrics of each task and service beyond the free ones: about $16 a month. */
    containerInsights: oneOf(["enabled", "disabled"]).default("enabled"),
    scannerCpu: scanner.cpu,
    scannerMemoryMiB: scanner.memoryMiB,
    analyzerCpu: analyzer.cpu,
    analyzerMemoryMiB: analyzer.memoryMiB,
    selectorCpu: selector.cpu,
    selectorMemoryMiB: selector.memoryMiB,
    finderCpu: finder.cpu,
    finderMemoryMiB: finder.memoryMiB,
    analyzerMinTasks: whole(0, 100).default(1),
    analyzerMaxTasks: whole(1, 100).default(10),
    /** A task more for so many waiting messages; a backtest took a tenth of a CPU second (measured on x86). */
    analyzerMessagesPerTask: whole(1, 10_000).default(30),
    finderMinTasks: whole(0, 100).default(1),
    finderMaxTasks: whole(1, 100).default(5),
    finderMessagesPerTask: whole(1, 10_000).default(10),
    brokerInstanceType: z
      .preprocess(
        text,
        z.string().regex(/^mq\.[a-z0-9]+\.[a-z0-9]+$/, "expected a type such as mq.m7g.medium"),
      )
      .default("mq.m7g.medium"),
    logRetentionDays: z
      .preprocess(
        (value) => (typeof value === "string" && /^\d+$/.test(value.trim()) ? Number(value) : value),
        z.literal(LOG_RETENTION_DAYS, { error: `expected one of ${LOG_RETENTION_DAYS.join(", ")}` }),
      )
      .default(14),
    /** Most write units a second of each table; without it DynamoDB's own limit for on-demand tables holds. */
    maxWriteUnits: whole(1, 40_000).optional(),
    /** US dollars a month for the whole account; 80 % spent or 100 % foreseen sends a notice. */
    budgetUsd: whole(1, 1_000_000).default(180),
    /** Where alarms and budget notices go; without it, subscribe to the topic yourself. */
    alarmEmail: z.preprocess(text, z.email("expected an e-mail address")).optional(),
  })
  .check((context) => {
    const settings = context.value;
    const refuse = (path: string, message: string) =>
      context.issues.push({ code: "custom", path: [path], message, input: settings });
    const sizes = [
      ["scannerMemoryMiB", settings.scannerCpu, settings.scannerMemoryMiB],
      ["analyzerMemoryMiB", settings.analyzerCpu, settings.analyzerMemoryMiB],
      ["selectorMemoryMiB", settings.selectorCpu, settings.selectorMemoryMiB],
      ["finderMemoryMiB", settings.finderCpu, settings.finderMemoryMiB],
    ] as const;
    for (const [name, cpu, memoryMiB] of sizes) {
      const sold = FARGATE_MEMORY_MIB[cpu];
      if (sold === undefined) {
        refuse(
          name.replace("MemoryMiB", "Cpu"),
          `expected one of ${Object.keys(FARGATE_MEMORY_MIB).join(", ")}`,
        );
      } else if (!sold.includes(memoryMiB)) {
        refuse(name, `with ${cpu} CPU units Fargate sells ${sold.join(", ")} MiB, not ${memoryMiB}`);
      }
    }
    if (settings.analyzerMinTasks > settings.analyzerMaxTasks) {
      refuse("analyzerMinTasks", `is above analyzerMaxTasks (${settings.analyzerMaxTasks})`);
    }
    if (settings.finderMinTasks > settings.finderMaxTasks) {
      refuse("finderMinTasks", `is above finderMaxTasks (${settings.finderMaxTasks})`);
    }
  });

export type Settings = z.infer<typeof settingsSchema>;

/** The names of all settings, for messages and documentation. */
export const SETTING_NAMES: readonly string[] = Object.keys(settingsSchema.shape);

/** One or more settings are wrong; the message names each with its value and what is expected. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/** CDK's own context (`@aws-cdk/...`, `aws:cdk:...`, look-ups) has these characters, a setting never does. */
const isOurs = (key: string) => !/[@:/]/.test(key);

/** An environment variable of the services, given as context under its own name: `-c MIN_WIN_RATE=50`. */
export const isVariable = (key: string) => /^[A-Z][A-Z0-9_]*$/.test(key);

/**
 * Reads the settings from the app's context. Keys of the CDK itself are left alone, and so are the services'
 * variables; any other unknown name is refused, for it is a mistyped setting that would silently do nothing.
 * @throws SettingsError naming every wrong setting.
 */
export function parseSettings(context: Readonly<Record<string, unknown>>): Settings {
  const given = Object.fromEntries(
    Object.entries(context).filter(([key]) => isOurs(key) && !isVariable(key)),
  );
  const parsed = settingsSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => {
    if (issue.code === "unrecognized_keys") {
      const names = issue.keys.slice(0, 5).map((key) => key.slice(0, 60));
      return `${names.join(", ")}: no such setting; there are ${SETTING_NAMES.join(", ")}`;
    }
    const name = issue.path.map(String).join(".");
    return `${name}: ${issue.message} (got ${shownValue(given[name] ?? null)})`;
  });
  throw new SettingsError(`context does not fit:\n  ${lines.join("\n  ")}`);
}
