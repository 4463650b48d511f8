import { format } from "node:util";
import { expect } from "vitest";

/** A test as its file declares it. */
export interface CollectedTest {
  /** File and names, made unique. */
  readonly id: string;
  readonly file: string;
  readonly run: () => unknown;
}

type Body = () => unknown;
type EachBody = (...row: readonly unknown[]) => unknown;
type Declare = (name: string, bodyOrOptions: unknown, body?: unknown) => void;

const collected: CollectedTest[] = [];
const path: string[] = [];
let file = "";

/** The tests declared so far. */
export function collectedTests(): readonly CollectedTest[] {
  return collected;
}

/** Called before a test file is loaded: what it declares is its own. */
export function enterFile(name: string): void {
  file = name;
}

function isBody(value: unknown): value is Body {
  return typeof value === "function";
}

function declareTest(name: string, bodyOrOptions: unknown, body?: unknown): void {
  const run = isBody(bodyOrOptions) ? bodyOrOptions : body;
  if (!isBody(run)) throw new TypeError(`the test ${name} in ${file} has no body`);
  const title = [file, ...path, name].join(" > ");
  const namesakes = collected.filter(({ id }) => id === title || id.startsWith(`${title} #`)).length;
  collected.push({ id: namesakes === 0 ? title : `${title} #${namesakes + 1}`, file, run });
}

function declareSuite(name: string, bodyOrOptions: unknown, body?: unknown): void {
  const declare = isBody(bodyOrOptions) ? bodyOrOptions : body;
  if (!isBody(declare)) throw new TypeError(`the suite ${name} in ${file} has no body`);
  path.push(name);
  declare();
  path.pop();
}

/** `each` and `skipIf`, the only modifiers that tests of the core use. */
function withModifiers(declare: Declare) {
  const each = (rows: readonly unknown[]) => (name: string, body: EachBody) => {
    for (const row of rows) {
      const values: readonly unknown[] = Array.isArray(row) ? row : [row];
      declare(format(name, ...values), () => body(...values));
    }
  };
  const skipIf = (condition: unknown): Declare => (condition ? () => {} : declare);
  return Object.assign(declare, { each, skipIf });
}

export const it = withModifiers(declareTest);
export const describe = withModifiers(declareSuite);
export { expect };
