import { InputError } from "../input-error.ts";

const SHOWN = 3;

interface Problem {
  readonly path: string;
  readonly place: string;
  readonly line: number;
  readonly text: string;
}

/** What is wrong with rows: all of it counted, the first few named. */
export class Problems {
  readonly #first: Problem[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(path: string, place: string, line: number, text: string): void {
    this.#count++;
    if (this.#first.length < SHOWN) this.#first.push({ path, place, line, text });
  }

  /** @param more what else is wrong, behind the rows. */
  error(more: string | null): InputError {
    const [first] = this.#first;
    const shown = this.#first.map(({ path, place, line, text }, k) => {
      const isSameFile = k > 0 && path === first?.path;
      return `${isSameFile ? "" : `${path} `}${place} ${line}: ${text}`;
    });
    const rest = this.#count - this.#first.length;
    if (rest > 0) shown.push(`and ${counted(rest, "more problem")}`);
    if (more !== null) shown.push(more);
    return new InputError(shown.join("; "));
  }
}

/** "1 candle", "4,320 candles". */
export function counted(count: number, what: string): string {
  return `${count.toLocaleString("en-US")} ${what}${count === 1 ? "" : "s"}`;
}
