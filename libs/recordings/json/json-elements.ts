/** Something that is not JSON, or not whole. */
export class JsonError extends Error {
  override readonly name = "JsonError";
}

/** A container that is open. */
interface Frame {
  readonly isArray: boolean;
  /** Whether it is an element: of an array, or of the source itself. */
  readonly isElement: boolean;
  /** Whether an element inside it was handed on; it is then no element itself. */
  hasElements: boolean;
  expects: Expected;
}

/** What may come next in a container. */
type Expected = "value or end" | "value" | "key or end" | "key" | "colon" | "comma or end";

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_ARRAY = 91;
const BACKSLASH = 92;
const CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;
const SPACE = 32;

/** Deeper than any answer of an exchange, and far from what a stack holds. */
const DEEPEST = 32;
/** Bytes of one row, or of what is around the first one. */
const LARGEST_ELEMENT = 1 << 20;
const SCALAR = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;

/**
 * Finds the innermost elements of arrays that are arrays or objects themselves: the rows of `[[...], [...]]`, of
 * `{"result": {"list": [...]}}` and of JSON lines, however they are wrapped. The source is never whole in memory.
 */
export class JsonElements {
  readonly #onElement: (value: unknown) => void;
  readonly #stack: Frame[] = [];
  /** Bytes from the beginning of the outermost element that was not handed on. */
  #pending: Buffer = Buffer.alloc(0);
  /** Where in the pending bytes each open frame begins. */
  readonly #starts: number[] = [];
  #at = 0;
  /** Where a string or another scalar began; -1: there is none. */
  #stringAt = -1;
  #scalarAt = -1;

  /** @param onElement gets each element as parsed. */
  constructor(onElement: (value: unknown) => void) {
    this.#onElement = onElement;
  }

  /** @throws JsonError when this cannot be JSON. */
  push(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (this.#at < this.#pending.length) this.#step();
    this.#forget();
  }

  /** @throws JsonError when the source ends in the middle. */
  end(): void {
    if (this.#scalarAt !== -1) this.#endScalar();
    if (this.#stack.length > 0 || this.#stringAt !== -1) throw new JsonError("ends in the middle");
  }

  #step(): void {
    if (this.#stringAt !== -1) {
      this.#inString();
      return;
    }
    const byte = this.#pending[this.#at] as number;
    if (this.#scalarAt !== -1) {
      if (!isEndOfScalar(byte)) {
        this.#at++;
        return;
      }
      this.#endScalar();
    }
    this.#structure(byte);
    this.#at++;
  }

  /** Goes to the end of the string, or of what there is. */
  #inString(): void {
    const bytes = this.#pending;
    for (;;) {
      const end = bytes.indexOf(QUOTE, this.#at);
      if (end === -1) {
        this.#at = bytes.length;
        return;
      }
      this.#at = end + 1;
      let backslashes = 0;
      while (end - 1 - backslashes > this.#stringAt && bytes[end - 1 - backslashes] === BACKSLASH)
        backslashes++;
      if (backslashes % 2 === 1) continue;
      if (bytes.subarray(this.#stringAt, end).some((byte) => byte < SPACE))
        throw new JsonError("has a broken string");
      this.#stringAt = -1;
      const frame = this.#stack.at(-1);
      if (frame?.expects.startsWith("key") === true) frame.expects = "colon";
      else this.#valueEnds();
      return;
    }
  }

  #structure(byte: number): void {
    const frame = this.#stack.at(-1);
    switch (byte) {
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        this.#open(byte === OPEN_ARRAY);
        return;
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        this.#close(byte === CLOSE_ARRAY);
        return;
      case QUOTE:
        if (frame === undefined || !/value|key/.test(frame.expects)) throw this.#unexpected(byte);
        this.#stringAt = this.#at;
        return;
      case COLON:
        if (frame?.expects !== "colon") throw this.#unexpected(byte);
        frame.expects = "value";
        return;
      case COMMA:
        if (frame?.expects !== "comma or end") throw this.#unexpected(byte);
        frame.expects = frame.isArray ? "value" : "key";
        return;
      default:
        if (byte === SPACE || byte === 9 || byte === 10 || byte === 13) return;
        if (frame === undefined || !frame.expects.startsWith("value")) throw this.#unexpected(byte);
        this.#scalarAt = this.#at;
    }
  }

  #open(isArray: boolean): void {
    const parent = this.#stack.at(-1);
    if (parent !== undefined && !parent.expects.startsWith("value")) {
      throw this.#unexpected(isArray ? OPEN_ARRAY : OPEN_OBJECT);
    }
    if (this.#stack.length >= DEEPEST) throw new JsonError("is nested too deeply");
    this.#stack.push({
      isArray,
      isElement: parent === undefined || parent.isArray,
      hasElements: false,
      expects: isArray ? "value or end" : "key or end",
    });
    this.#starts.push(this.#at);
  }

  #close(isArray: boolean): void {
    const frame = this.#stack.pop();
    const start = this.#starts.pop() ?? 0;
    if (frame === undefined || frame.isArray !== isArray || !frame.expects.endsWith("end")) {
      throw this.#unexpected(isArray ? CLOSE_ARRAY : CLOSE_OBJECT);
    }
    if (frame.isElement && !frame.hasElements) this.#handOn(start, this.#at + 1);
    this.#valueEnds();
  }

  #handOn(start: number, end: number): void {
    for (const outer of this.#stack) outer.hasElements = true;
    const text = this.#pending.toString("utf8", start, end);
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new JsonError(`has ${JSON.stringify(text.slice(0, 60))}, which is not JSON`);
    }
    this.#onElement(value);
  }

  #endScalar(): void {
    const text = this.#pending.toString("latin1", this.#scalarAt, this.#at);
    if (!SCALAR.test(text))
      throw new JsonError(`has ${JSON.stringify(text.slice(0, 60))}, which is not JSON`);
    this.#scalarAt = -1;
    this.#valueEnds();
  }

  #valueEnds(): void {
    const frame = this.#stack.at(-1);
    if (frame !== undefined) frame.expects = "comma or end";
  }

  /** Releases the bytes that have been read. */
  #forget(): void {
    const needed = this.#stack.findIndex(({ hasElements }) => !hasElements);
    const from = Math.min(
      needed === -1 ? this.#pending.length : (this.#starts[needed] ?? 0),
      this.#stringAt === -1 ? this.#pending.length : this.#stringAt,
      this.#scalarAt === -1 ? this.#pending.length : this.#scalarAt,
    );
    if (this.#pending.length - from > LARGEST_ELEMENT)
      throw new JsonError("has a value that is too large for a row");
    this.#pending = Buffer.from(this.#pending.subarray(from));
    this.#at -= from;
    if (this.#stringAt !== -1) this.#stringAt -= from;
    if (this.#scalarAt !== -1) this.#scalarAt -= from;
    for (let k = 0; k < this.#starts.length; k++) this.#starts[k] = (this.#starts[k] ?? 0) - from;
  }

  #unexpected(byte: number): JsonError {
    return new JsonError(`has ${JSON.stringify(String.fromCharCode(byte))} where it cannot be`);
  }
}

function isEndOfScalar(byte: number): boolean {
  return (
    byte === COMMA ||
    byte === CLOSE_ARRAY ||
    byte === CLOSE_OBJECT ||
    byte === SPACE ||
    byte === 9 ||
    byte === 10 ||
    byte === 13
  );
}
