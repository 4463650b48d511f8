import { App, Validations } from "aws-cdk-lib/core";
import { AwsSolutionsChecks } from "cdk-nag";
import { parseSettings } from "#infra/config/settings.ts";
import { variablesFromContext } from "#infra/config/variables.ts";
import { CryptoBacktestStack } from "#infra/stack.ts";
import { PREFIX } from "#libs/contracts/names.ts";

export interface AppParts {
  /** Context beyond what the CDK command line hands over. */
  readonly context?: Readonly<Record<string, unknown>>;
  readonly codeVersion: string;
}

/**
 * The app with its one stack. It names no account and no region, so that synthesis looks nothing up and works
 * without credentials; the deployment takes both from where it runs.
 * @throws SettingsError naming every wrong setting and variable.
 */
export function makeApp(parts: AppParts): { app: App; stack: CryptoBacktestStack } {
  const app = new App({ ...(parts.context === undefined ? {} : { context: { ...parts.context } }) });
  const context: Record<string, unknown> = app.node.getAllContext();
  const stack = new CryptoBacktestStack(app, PREFIX, {
    stackName: PREFIX,
    description: "Backtested Fibonacci signals on Bybit perpetuals: scanner, analyzer, selector and finder",
    settings: parseSettings(context),
    variables: variablesFromContext(context),
    codeVersion: parts.codeVersion,
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { app, stack };
}
