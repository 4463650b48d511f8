/** What a decision must not depend on, because it differs each time. */
export type Ambient = "the clock" | "chance";

type Callable = (...args: unknown[]) => unknown;

/**
 * Notes who asks this machine's clock or its random numbers. They are watched through the globals, which everybody
 * shares, so watch only during synchronous code, and always stop watching.
 */
export class AmbientWatch {
  #asked: Ambient | null = null;
  readonly #undo: (() => void)[] = [];

  constructor() {
    this.#watch(Math, "random", "chance");
    const stopwatch: unknown = Reflect.get(globalThis, "performance");
    if (typeof stopwatch === "object" && stopwatch !== null) this.#watch(stopwatch, "now", "the clock");
    const note = () => this.#note("the clock");
    this.#replace(
      globalThis,
      "Date",
      new Proxy(Date, {
        // A date of a given moment is arithmetic.
        construct(target, args, newTarget) {
          if (args.length === 0) note();
          return Reflect.construct(target, args, newTarget);
        },
        apply(target, self, args) {
          note();
          return Reflect.apply(target, self, args);
        },
        get(target, key, receiver) {
          if (key === "now") note();
          return Reflect.get(target, key, receiver);
        },
      }),
    );
  }

  /** What was asked first since the last call, or null. */
  taken(): Ambient | null {
    const asked = this.#asked;
    this.#asked = null;
    return asked;
  }

  stop(): void {
    for (const undo of this.#undo.splice(0)) undo();
  }

  #note(ambient: Ambient): void {
    this.#asked ??= ambient;
  }

  #watch(owner: object, name: string, ambient: Ambient): void {
    const original: unknown = Reflect.get(owner, name);
    if (typeof original !== "function") return;
    const note = () => this.#note(ambient);
    this.#replace(owner, name, (...args: Parameters<Callable>): unknown => {
      note();
      return Reflect.apply(original, owner, args);
    });
  }

  #replace(owner: object, name: string, value: unknown): void {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    Object.defineProperty(owner, name, { value, configurable: true, writable: true });
    this.#undo.push(() => {
      if (before === undefined) Reflect.deleteProperty(owner, name);
      else Object.defineProperty(owner, name, before);
    });
  }
}
