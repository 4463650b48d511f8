import { ConfigurationError } from "#libs/config/configuration.ts";
import { SETTINGS } from "#libs/config/settings.ts";
import { shownValue } from "#libs/contracts/shown-value.ts";
import { MANIFESTS } from "#services/manifests.ts";
import type { ServiceManifest } from "#services/shared/manifest.ts";
import { isVariable, SettingsError } from "./settings.ts";

/** Set by the stack from its own resources, or by the image; context would contradict them. */
const SET_BY_STACK = /^(AWS_|RABBITMQ_|CODE_VERSION$|RUN_EVERY_SECONDS$|SIMULATED_TIME$)|_TABLE$/;

export const isSetByStack = (name: string) => SET_BY_STACK.test(name);

export type Variables = Readonly<Record<string, string>>;

/**
 * The services' variables given as context under their own names (`-c MIN_WIN_RATE=50`), for each service that reads
 * them, validated with the rules that the service applies when it starts. Others keep the service's default, which is
 * defined only in libs/config/settings.ts.
 * @throws SettingsError naming every variable that is unknown, set by the stack, or invalid.
 */
export function variablesFromContext(
  context: Readonly<Record<string, unknown>>,
  manifests: readonly ServiceManifest[] = MANIFESTS,
): Readonly<Record<string, Variables>> {
  const given = Object.entries(context)
    .filter(([name]) => isVariable(name))
    .map(([name, value]) => [name, textOf(value)] as const);
  const problems: string[] = [];
  for (const [name] of given) {
    if (!(name in SETTINGS)) problems.push(`${name.slice(0, 60)}: unknown variable, no service reads it`);
    else if (isSetByStack(name)) problems.push(`${name}: set by the stack and not available as context`);
  }
  const { LOG_LEVEL: level = "info", LOG_FORMAT: format = "json" } = Object.fromEntries(given);
  if (!["trace", "debug", "info"].includes(level) || format !== "json") {
    // The selector's metrics are JSON log lines of level info: without them scaling stops and alarms are raised.
    problems.push(
      `LOG_LEVEL, LOG_FORMAT: expected info or finer, and json (got ${shownValue(level, 40)}, ${shownValue(format, 40)})`,
    );
  }
  const forService = ({ name: service, settings, config }: ServiceManifest): [string, Variables] => {
    const known: ReadonlySet<string> = new Set(settings);
    const variables = Object.fromEntries(given.filter(([name]) => known.has(name) && !isSetByStack(name)));
    try {
      config(variables);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      problems.push(`${service}: ${error.message}`);
    }
    return [service, variables];
  };
  const variables = Object.fromEntries(manifests.map(forService));
  if (problems.length > 0) throw new SettingsError(`invalid context:\n  ${problems.join("\n  ")}`);
  return variables;
}

/** As an environment variable. An array or object of cdk.json matches no variable, and its schema rejects it. */
function textOf(value: unknown): string {
  return typeof value === "object" ? (JSON.stringify(value) ?? "") : String(value);
}
