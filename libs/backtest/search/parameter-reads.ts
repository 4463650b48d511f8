/** One set's parameters, which notice what is read of them, and the values of the parts that differ between sets. */
export interface ReadableParameters {
  readonly parameters: object;
  readonly values: readonly unknown[];
}

/** Where a part stands: a parameter, or a number in a group of numbers. */
type Path = readonly [name: string] | readonly [group: string, name: string];

/** Notices which of the parameters that differ between sets are read. */
export class ParameterReads {
  readonly readable: readonly ReadableParameters[];
  /** How many parts differ between sets. */
  readonly parts: number;
  /** 1 for each part that has been read since it was last filled with 0. */
  readonly seen: Uint8Array;
  /** The highest rank of a part that has been read since it was last set to 0. */
  deepest = 0;
  readonly #ranks: Uint16Array;

  /**
   * A group of plain numbers is looked into. To read any other group, such as one with a list, counts as reading all of
   * it: whoever is given one may know it again by its identity (the zones of a rule are kept so) without a look inside.
   * @param sets objects with the same keys.
   */
  constructor(sets: readonly object[]) {
    const records = sets.map(recordOf);
    const paths = differingPaths(records);
    this.parts = paths.length;
    this.seen = new Uint8Array(paths.length);
    this.#ranks = new Uint16Array(paths.length);
    this.readable = records.map((record) => {
      const values = paths.map((path) => valueAt(record, path));
      const set = new ReadableSet(this, values);
      return { values, parameters: noticing(record, set, paths, []) };
    });
  }

  /** Gives ranks from 1 on to the parts in this order. */
  rank(order: readonly number[]): void {
    for (const [k, part] of order.entries()) this.#ranks[part] = k + 1;
  }

  notice(part: number): void {
    this.seen[part] = 1;
    const rank = this.#ranks[part] as number;
    if (rank > this.deepest) this.deepest = rank;
  }
}

/** What the getters of one set share. */
class ReadableSet {
  readonly #reads: ParameterReads;
  readonly #values: readonly unknown[];

  constructor(reads: ParameterReads, values: readonly unknown[]) {
    this.#reads = reads;
    this.#values = values;
  }

  read(part: number): unknown {
    this.#reads.notice(part);
    return this.#values[part];
  }
}

const SET = Symbol("set");
type Noticing = { readonly [SET]: ReadableSet };

/**
 * The same function for the same part, whatever the search: objects to which the same keys were added in the same order
 * with the same functions have one shape to V8, and reading them stays as fast as reading a plain field.
 */
const GETTERS: ((this: Noticing) => unknown)[] = [];

function getterOf(part: number): (this: Noticing) => unknown {
  GETTERS[part] ??= function (this: Noticing) {
    return this[SET].read(part);
  };
  return GETTERS[part];
}

function noticing(
  record: Parameters,
  set: ReadableSet,
  paths: readonly Path[],
  group: readonly string[],
): object {
  const made = Object.defineProperty({}, SET, { value: set });
  for (const [name, value] of Object.entries(record)) {
    const here = [...group, name];
    const part = paths.findIndex(
      (path) => path.length === here.length && path.every((key, k) => key === here[k]),
    );
    const inside = group.length === 0 && paths.some((path) => path.length === 2 && path[0] === name);
    Object.defineProperty(
      made,
      name,
      part >= 0
        ? { get: getterOf(part), enumerable: true, configurable: true }
        : {
            value: inside ? noticing(recordOf(value), set, paths, here) : value,
            enumerable: true,
            configurable: true,
            writable: true,
          },
    );
  }
  return made;
}

type Parameters = Readonly<Record<string, unknown>>;

function recordOf(value: unknown): Parameters {
  // An object's properties by name, which is all that is done with it.
  return typeof value === "object" && value !== null ? (value as Parameters) : {};
}

function differingPaths(sets: readonly Parameters[]): Path[] {
  const [first = {}] = sets;
  return Object.keys(first).flatMap((name): Path[] => {
    if (sets.every((set) => set[name] === first[name])) return [];
    if (!sets.every((set) => isGroupOfNumbers(set[name]))) return [[name]];
    const group = recordOf(first[name]);
    return Object.keys(group).flatMap((inner): Path[] =>
      sets.every((set) => recordOf(set[name])[inner] === group[inner]) ? [] : [[name, inner]],
    );
  });
}

function valueAt(set: Parameters, [name, inner]: Path): unknown {
  return inner === undefined ? set[name] : recordOf(set[name])[inner];
}

function isGroupOfNumbers(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((entry) => typeof entry === "number");
}
