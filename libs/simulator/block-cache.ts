import { blockBytes, type CandleBlock } from "./candle-block.ts";

/** An LRU cache of blocks with a limit in bytes. An evicted block is generated again on demand. */
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
      // Re-inserting moves the key to the end, so the Map's first key is the least recently used.
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
