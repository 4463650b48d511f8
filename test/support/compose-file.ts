import { parse } from "yaml";
import { isSetByStack } from "#infra/config/variables.ts";
import { imageBuild } from "#infra/images.ts";
import { PREFIX } from "#libs/contracts/names.ts";
import { callsExchange, type ServiceManifest, usesBroker } from "#services/shared/manifest.ts";

/** A service of a compose file, as far as the tests read it. */
export interface ComposeService {
  readonly image?: string;
  readonly build?: {
    readonly context?: string;
    readonly dockerfile?: string;
    readonly args?: Readonly<Record<string, string>>;
  };
  readonly init?: boolean;
  readonly restart?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly stop_grace_period?: string;
  readonly mem_limit?: string;
  readonly volumes?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number | null>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string; readonly required?: boolean }>>;
  readonly healthcheck?: { readonly disable?: boolean };
}

/** The services of a compose file, anchors and merges resolved. */
export function composeServices(text: string): Readonly<Record<string, ComposeService>> {
  // The test that reads it is what checks the shape.
  return (parse(text, { merge: true }) as { services: Record<string, ComposeService> }).services;
}

/** What a person may set, from the environment of `docker compose`; empty counts as unset. */
const passed = (name: string, byDefault = "") => `\${${name}:-${byDefault}}`;

/** The environment that the compose file must give to a service, and nothing else. */
function environmentOf(manifest: ServiceManifest): Record<string, string | null> {
  const free = manifest.settings.filter((name) => !isSetByStack(name));
  return {
    ...Object.fromEntries(free.map((name) => [name, passed(name)])),
    // Passed on only where it is set: an empty one would hide the file that names the market.
    ...(callsExchange(manifest) ? { BYBIT_BASE_URL: null } : {}),
    ...(usesBroker(manifest) ? { RABBITMQ_HOST: "rabbitmq" } : {}),
    ...(manifest.tables.length > 0
      ? {
          AWS_REGION: passed("AWS_REGION", "ap-northeast-2"),
          AWS_ENDPOINT_URL: "http://localstack:4566",
          AWS_ACCESS_KEY_ID: "local",
          AWS_SECRET_ACCESS_KEY: "local",
        }
      : {}),
    ...(manifest.run.kind === "schedule"
      ? { RUN_EVERY_SECONDS: String(manifest.run.everyMinutes * 60) }
      : {}),
    ...manifest.compose.environment,
  };
}

function dependenciesOf(manifest: ServiceManifest): NonNullable<ComposeService["depends_on"]> {
  return {
    ...(usesBroker(manifest) ? { rabbitmq: { condition: "service_healthy" } } : {}),
    ...(manifest.tables.length > 0 ? { tables: { condition: "service_completed_successfully" } } : {}),
    ...(callsExchange(manifest)
      ? {
          market: { condition: "service_completed_successfully" },
          "simulated-market": { condition: "service_completed_successfully", required: false },
          simulator: { condition: "service_healthy", required: false },
        }
      : {}),
    ...Object.fromEntries(manifest.compose.dependsOn.map((name) => [name, { condition: "service_healthy" }])),
  };
}

function commandOf(manifest: ServiceManifest): readonly string[] | undefined {
  if (!callsExchange(manifest)) return undefined;
  const bundle = manifest.image === "own" ? manifest.name : "service";
  return ["node", "--env-file-if-exists=/run/market/env", `/app/${bundle}.mjs`];
}

/** The entry of a service in the compose file, as its manifest asks for it. */
export function expectedComposeService(manifest: ServiceManifest): ComposeService {
  const { file, buildArgs } = imageBuild(manifest);
  const command = commandOf(manifest);
  return {
    image: `${PREFIX}-${manifest.name}`,
    build: {
      context: ".",
      dockerfile: file,
      ...(Object.keys(buildArgs).length === 0 ? {} : { args: buildArgs }),
    },
    init: true,
    restart: "unless-stopped",
    read_only: true,
    cap_drop: ["ALL"],
    security_opt: ["no-new-privileges:true"],
    stop_grace_period: `${manifest.stopTimeoutSeconds}s`,
    mem_limit: manifest.compose.memory,
    environment: environmentOf(manifest),
    depends_on: dependenciesOf(manifest),
    ...(command === undefined ? {} : { command, volumes: ["market:/run/market:ro"] }),
    // The image's own check looks for the broker.
    ...(usesBroker(manifest) ? {} : { healthcheck: { disable: true } }),
  };
}

/** Names as text: YAML reads 3600 as a number, and Compose makes text of it. */
export function withTextValues(service: ComposeService | undefined): ComposeService | undefined {
  if (service?.environment === undefined) return service;
  const entries = Object.entries(service.environment);
  const environment = entries.map(([name, value]) => [name, value === null ? null : String(value)]);
  return { ...service, environment: Object.fromEntries(environment) };
}
