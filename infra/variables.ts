import { isVariable, SettingsError } from "#infra/settings.ts";
import { SERVICES, type ServiceName } from "#libs/contracts/names.ts";
import { ConfigurationError } from "#libs/runtime/configuration.ts";
import type { Environment } from "#libs/runtime/environment.ts";
import { SETTINGS } from "#libs/runtime/settings.ts";
import { analyzerConfig } from "#services/analyzer/config.ts";
import { finderConfig } from "#services/finder/config.ts";
import { scannerConfig } from "#services/scanner/config.ts";
import { selectorConfig } from "#services/selector/config.ts";

const CONFIGURATIONS: Readonly<Record<ServiceName, (environment: Environment) => unknown>> = {
  scanner: scannerConfig,
  analyzer: analyzerConfig,
  selector: selectorConfig,
  finder: finderConfig,
};

/** Set by the stack from its own resources, or by the image; given as context they would contradict it. */
const OURS = /^(AWS_|RABBITMQ_|CODE_VERSION$|RUN_EVERY_SECONDS$|SIMULATED_TIME$)|_TABLE$/;

export type Variables = Readonly<Record<string, string>>;

/** The variables that a service reads: its own configuration is asked, so the list cannot go out of date. */
export function variablesOf(service: ServiceName): ReadonlySet<string> {
  const read = new Set<string>();
  const recorder: ProxyHandler<Record<string, string>> = {
    get: (_, name) => {
      read.add(String(name));
      return undefined;
    },
  };
  CONFIGURATIONS[service](new Proxy({}, recorder));
  return read;
}

/**
 * The services' variables given as context under their own names (`-c MIN_WIN_RATE=50`), for each service that
 * reads them, checked with the same rules that the service applies when it starts. What is not given keeps the
 * service's default, which stands in libs/runtime/settings.ts only.
 * @throws SettingsError naming every variable that is unknown, set by the stack, or wrong.
 */
export function variablesFromContext(
  context: Readonly<Record<string, unknown>>,
): Record<ServiceName, Variables> {
  const given = Object.entries(context)
    .filter(([name]) => isVariable(name))
    .map(([name, value]) => [name, String(value)] as const);
  const problems: string[] = [];
  for (const [name] of given) {
    if (!(name in SETTINGS)) problems.push(`${name}: no service knows this variable`);
    else if (OURS.test(name)) problems.push(`${name}: is set by the stack, not by context`);
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
