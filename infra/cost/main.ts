import { Template } from "aws-cdk-lib/assertions";
import type { CloudFormationTemplate } from "#infra/emulator/reduce-template.ts";
import { makeApp } from "#infra/make-app.ts";
import { commandLineArguments, print } from "#libs/runtime/terminal.ts";
import { costTable } from "./cost-table.ts";
import { estimate } from "./estimate.ts";
import { readPrices } from "./prices.ts";
import { USAGE } from "./usage.ts";

/*
 * `npm run -s cost`, `npm run -s cost -- spot=all egress=nat`: what the stack with these settings costs in a month, as
 * a table for the README.
 */

const context = Object.fromEntries(
  commandLineArguments().map((argument) => {
    const at = argument.indexOf("=");
    if (at < 1) throw new Error(`expected name=value, not ${argument}`);
    return [argument.slice(0, at), argument.slice(at + 1)];
  }),
);
const { stack } = makeApp({ context, codeVersion: "cost" });
// The assertion library gives the template as it is, without writing a cloud assembly.
const template: CloudFormationTemplate = JSON.parse(JSON.stringify(Template.fromStack(stack).toJSON()));
const prices = readPrices();
print(costTable(estimate(template, prices, USAGE), prices));
