import type { Template } from "aws-cdk-lib/assertions";
import { makeTemplate, named } from "#test/infra/synthesized.ts";

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

const ofTheStack = makeTemplate();

/** What a service's task role may do, as `action on resource`, sorted; tables and the cluster by name. */
export function grantsOf(service: string, template: Template = ofTheStack): string[] {
  const task = named(template, "AWS::ECS::TaskDefinition", "Family", `crypto-backtest-${service}`);
  const role = JSON.stringify(task.properties.TaskRoleArn).match(/GetAtt":\["(\w+)"/)?.[1];
  const policies = Object.values(template.findResources("AWS::IAM::Policy")).filter((policy) =>
    JSON.stringify(policy.Properties.Roles).includes(`"${role}"`),
  );
  if (policies.length !== 1) throw new Error(`${policies.length} policies for the ${service}, expected 1`);
  // The shape of a policy document, as IAM documents it.
  const statements = policies.flatMap((policy) => policy.Properties.PolicyDocument.Statement as Statement[]);
  return statements
    .flatMap((statement) =>
      // Statements with the same actions are merged into one with several resources.
      [statement.Resource]
        .flat()
        .flatMap((resource) =>
          [statement.Action].flat().map((action) => `${action} on ${readable(resource, template)}`),
        ),
    )
    .sort();
}

/** A resource as text: tables by name, joined parts put together. */
function readable(resource: unknown, template: Template): string {
  if (typeof resource === "string") return resource;
  if (Array.isArray(resource)) return resource.map((part) => readable(part, template)).join(" and ");
  const { Ref, "Fn::GetAtt": attribute, "Fn::Join": join } = resource as Record<string, unknown>;
  if (typeof Ref === "string") return nameOf(Ref, template);
  if (Array.isArray(attribute)) return nameOf(String(attribute[0]), template);
  if (Array.isArray(join)) return (join[1] as unknown[]).map((part) => readable(part, template)).join("");
  throw new Error(`unreadable resource ${JSON.stringify(resource)}`);
}

function nameOf(id: string, template: Template): string {
  const properties = template.toJSON().Resources[id]?.Properties;
  return properties?.TableName ?? properties?.ClusterName ?? id;
}
