import { Template } from "aws-cdk-lib/assertions";
import { SettingsError } from "#infra/config/settings.ts";
import type { CloudFormationTemplate } from "#infra/emulator/reduce-template.ts";
import { makeApp } from "#infra/make-app.ts";
import { commandLineArguments, print, printError } from "#libs/terminal/terminal.ts";
import { contextOf } from "./context-of.ts";
import { costTable } from "./cost-table.ts";
import { estimate } from "./estimate.ts";
import { readPrices } from "./prices.ts";
import { USAGE } from "./usage.ts";

/*
 * `npm run -s cost`, `npm run -s cost -- spot=all egress=nat`: the monthly cost of the stack with these settings, as a
 * table for the README.
 */

try {
  const { stack } = makeApp({ context: contextOf(commandLineArguments()), codeVersion: "cost" });
  // The assertion library returns the template without writing a cloud assembly.
  const template: CloudFormationTemplate = JSON.parse(JSON.stringify(Template.fromStack(stack).toJSON()));
  const prices = readPrices();
  print(costTable(estimate(template, prices, USAGE), prices));
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  // An invalid argument is a user error: the message is sufficient.
  printError(`${error.message}\n`);
  process.exitCode = 2;
}
