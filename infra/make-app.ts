import { App, Validations } from "aws-cdk-lib/core";
import { AwsSolutionsChecks } from "cdk-nag";
import { parseSettings } from "#infra/config/settings.ts";
import { variablesFromContext } from "#infra/config/variables.ts";
import { CryptoBacktestStack } from "#infra/stack.ts";
import { PREFIX } from "#libs/contracts/names.ts";
import { MANIFESTS } from "#services/manifests.ts";
import type { ServiceManifest } from "#services/shared/manifest.ts";

export interface AppParts {
  /** Context in addition to that of the CDK command line. */
  readonly context?: Readonly<Record<string, unknown>>;
  readonly codeVersion: string;
  readonly manifests?: readonly ServiceManifest[];
}

/**
 * The app with its one stack. It names no account and no region, so synthesis needs no look-ups and no credentials; the
 * deployment takes both from its environment.
 * @throws SettingsError naming every invalid setting and variable.
 */
export function makeApp(parts: AppParts): { app: App; stack: CryptoBacktestStack } {
  const app = new App({ ...(parts.context === undefined ? {} : { context: { ...parts.context } }) });
  const context: Record<string, unknown> = app.node.getAllContext();
  const manifests = parts.manifests ?? MANIFESTS;
  const names = manifests.map(({ name }) => name);
  const stack = new CryptoBacktestStack(app, PREFIX, {
    stackName: PREFIX,
    description: `Backtested Fibonacci signals on Bybit perpetuals: ${names.slice(0, -1).join(", ")} and ${names.at(-1)}`,
    manifests,
    settings: parseSettings(context, manifests),
    variables: variablesFromContext(context, manifests),
    codeVersion: parts.codeVersion,
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { app, stack };
}
