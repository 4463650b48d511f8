import type { CloudFormationTemplate } from "#infra/emulator/reduce-template.ts";

export type Properties = Readonly<Record<string, unknown>>;

/** The resources of a type, each with its id in the template. */
export function resourcesOf(
  template: CloudFormationTemplate,
  type: string,
): readonly (readonly [id: string, properties: Properties])[] {
  return Object.entries(template.Resources)
    .filter(([, resource]) => resource.Type === type)
    .map(([id, resource]) => [
      id,
      // The properties of a resource are whatever its type says.
      "Properties" in resource ? (resource.Properties as Properties) : {},
    ]);
}
