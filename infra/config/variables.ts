import { isVariable, SettingsError } from "#infra/config/settings.ts";
import { ConfigurationError } from "#libs/config/configuration.ts";
import type { Environment } from "#libs/config/environment.ts";
import { SETTINGS } from "#libs/config/settings.ts";
import { SERVICES, type ServiceName } from "#libs/contracts/names.ts";
import { shownValue } from "#libs/contracts/shown-value.ts";
import { ANALYZER_SETTINGS, analyzerConfig } from "#services/analyzer/config.ts";
import { FINDER_SETTINGS, finderConfig } from "#services/finder/config.ts";
import { SCANNER_SETTINGS, scannerConfig } from "#services/scanner/config.ts";
import { SELECTOR_SETTINGS, selectorConfig } from "#services/selector/config.ts";

const CONFIGURATIONS: Readonly<Record<ServiceName, (environment: Environment) => unknown>> = {
  scanner: scannerConfig,
  analyzer: analyzerConfig,
  selector: selectorConfig,
  finder: finderConfig,
};

/** Set by the stack from its own resources, or by the image; given as context they would contradict it. */
const OURS = /^(AWS_|RABBITMQ_|CODE_VERSION$|RUN_EVERY_SECONDS$|SIMULATED_TIME$)|_TABLE$/;

export type Variables = Readonly<Record<string, string>>;

const NAMES: Readonly<Record<ServiceName, readonly string[]>> = {
  scanner: SCANNER_SETTINGS,
  analyzer: ANALYZER_SETTINGS,
  selector: SELECTOR_SETTINGS,
  finder: FINDER_SETTINGS,
};

/** The variables that a service reads. */
export function variablesOf(service: ServiceName): ReadonlySet<string> {
  return new Set(NAMES[service]);
}

/**
 * The services' variables given as context under their own names (`-c MIN_WIN_RATE=50`), for each service that
 * reads them, checked with the same rules that the service applies when it starts. What is not given keeps the
 * service's default, which stands in libs/config/settings.ts only.
 * @throws SettingsError naming every variable that is unknown, set by the stack, or wrong.
 */
export function variablesFromContext(
  context: Readonly<Record<string, unknown>>,
): Record<ServiceName, Variables> {
  const given = Object.entries(context)
    .filter(([name]) => isVariable(name))
    .map(([name, value]) => [name, textOf(value)] as const);
  const problems: string[] = [];
  for (const [name] of given) {
    if (!(name in SETTINGS)) problems.push(`${name.slice(0, 60)}: no service knows this variable`);
    else if (OURS.test(name)) problems.push(`${name}: is set by the stack, not by context`);
  }
  const { LOG_LEVEL: level = "info", LOG_FORMAT: format = "json" } = Object.fromEntries(given);
  if (!["trace", "debug", "info"].includes(level) || format !== "json") {
    // The selector's metrics are log lines of level info in JSON: without them nothing scales and alarms ring.
    problems.push(
      `LOG_LEVEL, LOG_FORMAT: expected info or finer, and json (got ${shownValue(level, 40)}, ${shownValue(format, 40)})`,
    );
  }
  const forService = (service: ServiceName): Variables => {
    const known = variablesOf(service);
    const variables = Object.fromEntries(given.filter(([name]) => known.has(name) && !OURS.test(name)));
    try {
      CONFIGURATIONS[service](variables);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      problems.push(`${service}: ${error.message}`);
    }
    return variables;
  };
  const [scanner, analyzer, selector, finder] = SERVICES.map(forService);
  if (problems.length > 0) throw new SettingsError(`context does not fit:\n  ${problems.join("\n  ")}`);
  return { scanner: scanner ?? {}, analyzer: analyzer ?? {}, selector: selector ?? {}, finder: finder ?? {} };
}

/** As an environment holds it. A list or an object of cdk.json fits no variable, and its rule will say so. */
function textOf(value: unknown): string {
  return typeof value === "object" ? (JSON.stringify(value) ?? "") : String(value);
}
