import { type Configuration, configuration } from "#libs/config/configuration.ts";
import type { Environment } from "#libs/config/environment.ts";
import { MANIFESTS } from "#services/manifests.ts";

type AnySetting = (typeof MANIFESTS)[number]["settings"][number];

/** What the local set-up decides itself: where broker, database and clock are, and how much runs at once. */
type SetHere =
  | `AWS_${string}`
  | `RABBITMQ_${string}`
  | `${string}_TABLE`
  | "PREFETCH_COUNT"
  | "RUN_EVERY_SECONDS"
  | "SIMULATED_TIME";
const SET_HERE = /^(AWS_|RABBITMQ_)|_TABLE$|^(PREFETCH_COUNT|RUN_EVERY_SECONDS|SIMULATED_TIME)$/;

type LocalSetting = Exclude<AnySetting, SetHere>;
const isLocal = (name: AnySetting): name is LocalSetting => !SET_HERE.test(name);

export type LocalConfig = Configuration<LocalSetting>;

/** The settings of all services but those that the local set-up decides itself, with the rules of every service. */
export function localConfig(environment: Environment): LocalConfig {
  const names = new Set(MANIFESTS.flatMap(({ settings }): readonly AnySetting[] => settings).filter(isLocal));
  const given = Object.fromEntries([...names].map((name) => [name, environment[name]]));
  const config = configuration(given, [...names]);
  for (const manifest of MANIFESTS) manifest.config(given);
  return config;
}
