import { blockBytes, type CandleBlock } from "./candle-block.ts";

/** Blocks used last, up to a number of bytes. What falls out is made again when it is asked for. */
export class BlockCache {
  private readonly blocks = new Map<string, CandleBlock>();
  private readonly maxBytes: number;
  private bytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  get(key: string, make: () => CandleBlock): CandleBlock {
    const found = this.blocks.get(key);
    if (found !== undefined) {
      // Re-inserting moves the key to the end: a Map's first key is then the one unused for longest.
      this.blocks.delete(key);
      this.blocks.set(key, found);
      return found;
    }
    const made = make();
    this.blocks.set(key, made);
    this.bytes += blockBytes(made);
    for (const [oldest, block] of this.blocks) {
      if (this.bytes <= this.maxBytes || oldest === key) break;
      this.blocks.delete(oldest);
      this.bytes -= blockBytes(block);
    }
    return made;
  }
}
