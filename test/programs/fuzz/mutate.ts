import fc from "fast-check";
import { badBytes, badText, badValue, TRAP_WORDS } from "./bad-values.ts";

type Container = Record<string, unknown> | unknown[];

interface Edit {
  readonly kind: "delete" | "replace" | "retype" | "rename" | "move" | "add";
  readonly at: number;
  readonly to: number;
  readonly value: unknown;
  readonly key: string;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom<Edit["kind"]>(
    "delete",
    "replace",
    "replace",
    "replace",
    "retype",
    "rename",
    "move",
    "add",
  ),
  at: fc.nat(10_000),
  to: fc.nat(10_000),
  value: badValue,
  key: fc.oneof(fc.constantFrom(...TRAP_WORDS), badText),
});

/** Valid values, or ones with a few fields deleted, replaced, retyped, renamed, moved or added. */
export function mutated<T>(valid: fc.Arbitrary<T>): fc.Arbitrary<unknown> {
  return fc
    .tuple(
      valid,
      fc.oneof(
        { arbitrary: fc.array(edit, { minLength: 1, maxLength: 3 }), weight: 9 },
        { arbitrary: fc.constant([]), weight: 1 },
      ),
    )
    .map(([value, edits]) =>
      edits.reduce<unknown>((changed, one) => applied(changed, one), structuredClone(value)),
    );
}

function isContainer(value: unknown): value is Container {
  return (
    typeof value === "object" && value !== null && !(value instanceof Uint8Array) && !(value instanceof Set)
  );
}

/** Every place of a value that holds another, breadth first; bounded, for hostile values are deep and wide. */
function slotsOf(root: Container): { readonly holder: Container; readonly key: string }[] {
  const slots: { holder: Container; key: string }[] = [];
  const waiting: Container[] = [root];
  for (const holder of waiting) {
    for (const key of Object.keys(holder)) {
      if (slots.length >= 500) return slots;
      slots.push({ holder, key });
      const child = valueIn(holder, key);
      if (isContainer(child)) waiting.push(child);
    }
  }
  return slots;
}

function valueIn(holder: Container, key: string): unknown {
  return Object.getOwnPropertyDescriptor(holder, key)?.value;
}

/** Also for `__proto__`, which plain assignment would take for something else. */
function put(holder: Container, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

function remove(holder: Container, key: string): void {
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
}

function applied(root: unknown, { kind, at, to, value: drawn, key }: Edit): unknown {
  // The same value may be drawn twice: put into itself it would be a circle.
  const value = structuredClone(drawn);
  if (!isContainer(root)) return value;
  const slots = slotsOf(root);
  const slot = slots[at % Math.max(1, slots.length)];
  const other = slots[to % Math.max(1, slots.length)];
  if (slot === undefined || other === undefined) return value;
  const old = valueIn(slot.holder, slot.key);
  switch (kind) {
    case "delete":
      remove(slot.holder, slot.key);
      break;
    case "replace":
      put(slot.holder, slot.key, value);
      break;
    case "retype":
      put(slot.holder, slot.key, retyped(old));
      break;
    case "rename":
      remove(slot.holder, slot.key);
      if (!Array.isArray(slot.holder)) put(slot.holder, key, old);
      break;
    case "move":
      put(slot.holder, slot.key, structuredClone(valueIn(other.holder, other.key)));
      break;
    case "add":
      if (Array.isArray(slot.holder)) slot.holder.push(value);
      else put(slot.holder, key, value);
      break;
  }
  return root;
}

/** The same thing written as another type. */
function retyped(value: unknown): unknown {
  if (typeof value === "number") return String(value);
  if (typeof value === "string")
    return value !== "" && Number.isFinite(Number(value)) ? Number(value) : [value];
  if (typeof value === "boolean") return value ? 1 : 0;
  return isContainer(value) && !Array.isArray(value) ? Object.entries(value) : { 0: value };
}

/** Bytes of a valid text with a few cuts, insertions, repetitions and replacements; sometimes nothing of it at all. */
export function mutatedBytes(valid: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  const change = fc.record({
    kind: fc.constantFrom("cut", "insert", "repeat", "drop", "flip", "crlf", "bom"),
    at: fc.nat(1_000_000),
    length: fc.nat(40),
    bytes: badBytes,
  });
  const changed = fc.tuple(valid, fc.array(change, { minLength: 0, maxLength: 3 })).map(([bytes, changes]) =>
    changes.reduce<Buffer>((now, { kind, at, length, bytes: inserted }) => {
      const from = now.length === 0 ? 0 : at % now.length;
      const [before, after] = [now.subarray(0, from), now.subarray(from)];
      switch (kind) {
        case "cut":
          return before;
        case "insert":
          return Buffer.concat([before, inserted, after]);
        case "repeat":
          return Buffer.concat([before, after.subarray(0, length), after]);
        case "drop":
          return Buffer.concat([before, after.subarray(length)]);
        case "flip":
          return Buffer.concat([
            before,
            Buffer.from([(after[0] ?? 0) ^ (1 << (length % 8))]),
            after.subarray(1),
          ]);
        case "crlf":
          return Buffer.from(now.toString("latin1").replaceAll("\n", "\r\n"), "latin1");
        default:
          return Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), now]);
      }
    }, bytes),
  );
  return fc.oneof({ arbitrary: changed, weight: 9 }, { arbitrary: badBytes, weight: 1 });
}
