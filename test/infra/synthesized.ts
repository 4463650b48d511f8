import { readFileSync } from "node:fs";
import { Template } from "aws-cdk-lib/assertions";
import { makeApp } from "#infra/make-app.ts";
import type { CryptoBacktestStack } from "#infra/stack.ts";
import { MANIFESTS } from "#services/manifests.ts";
import type { ServiceManifest } from "#services/shared/manifest.ts";

interface CdkFile {
  readonly context: Readonly<Record<string, unknown>>;
}

/** The feature flags with which `cdk synth` runs: without them another template comes out. */
function contextOfCdkJson(): Readonly<Record<string, unknown>> {
  const file: CdkFile = JSON.parse(readFileSync(new URL("../../cdk.json", import.meta.url), "utf8"));
  return file.context;
}

/** The stack as `cdk synth -c name=value ...` makes it, with a fixed revision. */
export function makeStack(
  context: Readonly<Record<string, unknown>> = {},
  manifests: readonly ServiceManifest[] = MANIFESTS,
): CryptoBacktestStack {
  const whole = { ...contextOfCdkJson(), ...context };
  return makeApp({ context: whole, codeVersion: "0123456789ab", manifests }).stack;
}

export function makeTemplate(
  context: Readonly<Record<string, unknown>> = {},
  manifests: readonly ServiceManifest[] = MANIFESTS,
): Template {
  return Template.fromStack(makeStack(context, manifests));
}

/** The one resource of this type whose properties have this name, with its logical id. */
export function named(
  template: Template,
  type: string,
  property: string,
  name: string,
): { id: string; properties: Record<string, unknown> } {
  const found = Object.entries(template.findResources(type)).filter(
    ([, resource]) => resource.Properties?.[property] === name,
  );
  const [first] = found;
  if (first === undefined || found.length > 1) {
    throw new Error(`${found.length} resources ${type} with ${property} = ${name}, expected 1`);
  }
  return { id: first[0], properties: first[1].Properties };
}
