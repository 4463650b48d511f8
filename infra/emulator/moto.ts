import { readFileSync, writeFileSync } from "node:fs";
import { commandLineArguments, print } from "#libs/terminal/terminal.ts";
import { type CloudFormationTemplate, reduceTemplate } from "./reduce-template.ts";

/*
 * `tsx infra/emulator/moto.ts TEMPLATE REDUCED`: writes the template without the resources that moto's CloudFormation
 * (5.2) does not support, and lists them.
 */

const UNSUPPORTED: ReadonlySet<string> = new Set([
  "AWS::AmazonMQ::Broker",
  "AWS::ApplicationAutoScaling::ScalableTarget",
  "AWS::ApplicationAutoScaling::ScalingPolicy",
  "AWS::Budgets::Budget",
  "AWS::CloudWatch::Alarm",
  "AWS::EC2::SecurityGroupEgress",
  "AWS::ECS::ClusterCapacityProviderAssociations",
  "AWS::Logs::MetricFilter",
  "AWS::SNS::TopicPolicy",
  "AWS::Scheduler::Schedule",
  "AWS::SecretsManager::Secret",
]);

const [source, target] = commandLineArguments();
if (source === undefined || target === undefined) throw new Error("expected: moto.ts TEMPLATE REDUCED");
const template: CloudFormationTemplate = JSON.parse(readFileSync(source, "utf8"));
const { template: reduced, leftOut } = reduceTemplate(template, UNSUPPORTED);
writeFileSync(target, JSON.stringify(reduced));
const total = Object.keys(template.Resources).length;
print(`${Object.keys(reduced.Resources).length} of ${total} resources; left out:\n`);
for (const [type, count] of leftOut) print(`  ${count} ${type}\n`);
