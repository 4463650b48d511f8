import { MANIFESTS } from "#services/manifests.ts";
import type { ServiceManifest } from "#services/shared/manifest.ts";

/** What is bundled, by name, with the file that each program starts from. */
export function programsOf(
  manifests: readonly ServiceManifest[] = MANIFESTS,
): Readonly<Record<string, string>> {
  return {
    ...Object.fromEntries(manifests.map(({ name }) => [name, `services/${name}/main.ts`])),
    "create-tables": "services/cli/tables/main.ts",
    simulator: "services/cli/simulator/main.ts",
    dlq: "services/cli/dlq/main.ts",
    health: "infra/build/health.ts",
  };
}
