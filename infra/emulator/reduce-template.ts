/** The relevant parts of a CloudFormation template. */
export interface CloudFormationTemplate {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly DependsOn?: unknown }>>;
  readonly Outputs?: Readonly<Record<string, unknown>>;
  readonly [section: string]: unknown;
}

export interface ReducedTemplate {
  readonly template: CloudFormationTemplate;
  /** The number of omitted resources by type. */
  readonly leftOut: ReadonlyMap<string, number>;
}

/** Stand-ins for attributes of omitted resources: the shape matters, because `Fn::Select` and `Fn::Split` read it. */
const STAND_INS: Readonly<Record<string, unknown>> = {
  AmqpEndpoints: ["amqps://broker.invalid:5671"],
  ConsoleURLs: ["https://broker.invalid"],
};

/** References are mostly ARNs in policies, so the stand-in must look like an ARN. */
const STAND_IN_ARN = "arn:aws:service:region:000000000000:left-out";

/**
 * The template without the resource types that an emulator's CloudFormation does not support; references to them get a
 * stand-in. Everything else is unchanged.
 */
export function reduceTemplate(
  template: CloudFormationTemplate,
  unsupported: ReadonlySet<string>,
): ReducedTemplate {
  const kept = Object.entries(template.Resources).filter(([, { Type }]) => !unsupported.has(Type));
  const gone = new Map(
    Object.entries(template.Resources)
      .filter(([, { Type }]) => unsupported.has(Type))
      .map(([id, { Type }]) => [id, Type]),
  );
  const leftOut = new Map<string, number>();
  for (const type of gone.values()) leftOut.set(type, (leftOut.get(type) ?? 0) + 1);

  const replaced = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(replaced);
    if (value === null || typeof value !== "object") return value;
    const { Ref: ref, "Fn::GetAtt": attribute } = value as Record<string, unknown>;
    if (typeof ref === "string" && gone.has(ref)) return STAND_IN_ARN;
    if (Array.isArray(attribute) && gone.has(String(attribute[0]))) {
      return STAND_INS[String(attribute[1])] ?? STAND_IN_ARN;
    }
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, replaced(entry)]));
  };
  const resources = kept.map(([id, resource]) => {
    const { DependsOn: dependsOn, ...rest } = resource;
    const left = [dependsOn ?? []].flat().filter((other) => !gone.has(String(other)));
    return [id, { ...(replaced(rest) as typeof rest), ...(left.length > 0 ? { DependsOn: left } : {}) }];
  });
  return {
    template: {
      ...template,
      Resources: Object.fromEntries(resources),
      ...(template.Outputs === undefined
        ? {}
        : { Outputs: replaced(template.Outputs) as NonNullable<CloudFormationTemplate["Outputs"]> }),
    },
    leftOut,
  };
}
