/**
 * Uniform whole numbers in [0, bound), the same sequence for the same seed on every machine. Marsaglia's xorshift with
 * 32 bits and the multiply-shift of Lemire, without his rejection: the bias is below `bound / 2^32`.
 * @param seed any whole number but 0 (modulo 2^32), which the generator cannot leave.
 */
export function makeSeededRandom(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor(((state >>> 0) / 4_294_967_296) * bound);
  };
}
