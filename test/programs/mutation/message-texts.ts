import type { Ignorer } from "@stryker-mutator/api/ignore";
import { declareValuePlugin, PluginKind } from "@stryker-mutator/api/plugin";

/** What is used of Babel's path to a node. */
interface SyntaxPath {
  isStringLiteral(): boolean;
  isTemplateLiteral(): boolean;
  isThrowStatement(): boolean;
  isCallExpression(): boolean;
  isObjectProperty(): boolean;
  isIdentifier(named: { readonly name: string }): boolean;
  get(key: "callee" | "key"): SyntaxPath;
  findParent(matches: (parent: SyntaxPath) => boolean): SyntaxPath | null;
}

/**
 * Leaves out the wording of errors, refusals and descriptions. Tests state which error names which value, not its
 * sentences: to notice an emptied sentence, a test would have to hold a copy of it.
 */
const messageTexts: Ignorer = {
  shouldIgnore(path) {
    // Stryker's type says nothing of the path, so that plugins need not have Babel's types.
    const text = path as SyntaxPath;
    if (!text.isStringLiteral() && !text.isTemplateLiteral()) return undefined;
    return text.findParent(isMessage) === null ? undefined : "the wording of a message";
  },
};

function isMessage(parent: SyntaxPath): boolean {
  if (parent.isThrowStatement()) return true;
  if (parent.isCallExpression()) return parent.get("callee").isIdentifier({ name: "noSignal" });
  return parent.isObjectProperty() && parent.get("key").isIdentifier({ name: "description" });
}

export const strykerPlugins = [declareValuePlugin(PluginKind.Ignore, "message-texts", messageTexts)];
