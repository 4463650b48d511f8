import { z } from "zod";
import { describeIssues } from "#libs/contracts/wire.ts";
import type { Environment } from "./environment.ts";
import { type BROKER_SETTINGS, SETTINGS, type SettingName } from "./settings.ts";

/** Invalid configuration: names every invalid variable and its value. The process exits with 2 and does nothing. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}

type CamelCase<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Lowercase<Head>}${Capitalize<CamelCase<Tail>>}`
  : Lowercase<S>;

export type Configuration<N extends SettingName> = {
  readonly [K in N as CamelCase<K>]: z.infer<(typeof SETTINGS)[K]>;
};

const SECRET = /PASS|SECRET|TOKEN|URL/;

function camelCase(name: string): string {
  return name.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * Parses the named variables. An empty variable counts as unset, as in `docker compose` and shells.
 * @throws ConfigurationError with one line that names every invalid variable.
 */
export function configuration<const N extends SettingName>(
  environment: Environment,
  names: readonly N[],
): Configuration<N> {
  const given: Record<string, string> = {};
  for (const name of names) {
    const value = environment[name];
    if (value !== undefined && value.trim() !== "") given[name] = value;
  }
  const shape = Object.fromEntries(names.map((name) => [name, SETTINGS[name]]));
  const parsed = z.object(shape).safeParse(given);
  if (!parsed.success) {
    const shown = Object.fromEntries(
      Object.entries(given).map(([name, value]) => [name, SECRET.test(name) ? "(hidden)" : value]),
    );
    throw new ConfigurationError(`invalid configuration: ${describeIssues(parsed.error, shown)}`);
  }
  const entries = Object.entries(parsed.data).map(([name, value]) => [camelCase(name), value]);
  // The keys are the camel-cased names, each parsed by its own schema.
  return Object.fromEntries(entries) as Configuration<N>;
}

/** The broker's URL: RABBITMQ_URL, or built from its parts (a password may contain any character). */
export function rabbitMqUrl(config: Configuration<(typeof BROKER_SETTINGS)[number]>): string {
  if (config.rabbitmqUrl !== undefined) return config.rabbitmqUrl;
  const scheme = config.rabbitmqPort === 5671 ? "amqps" : "amqp";
  const user = encodeURIComponent(config.rabbitmqUser);
  const password = encodeURIComponent(config.rabbitmqPass);
  return `${scheme}://${user}:${password}@${config.rabbitmqHost}:${config.rabbitmqPort}`;
}
