/** Where the series around zero hands over to the continued fraction of the tail. */
const TAIL = 2;
/** Enough for the last bit of a double from `TAIL` on. */
const TAIL_STEPS = 60;

/** Density of the standard normal distribution. */
function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
}

/**
 * Probability that a standard normal variable is at most `x`, within a relative 1e-13 (both tails included: the
 * lower one is never computed as 1 minus something).
 * Series about zero: G. Marsaglia, "Evaluating the Normal Distribution", Journal of Statistical Software 11(4),
 * 2004. Tails: Laplace's continued fraction of the Mills ratio (Abramowitz and Stegun 26.2.14).
 */
export function normalProbability(x: number): number {
  if (x > TAIL) return 1 - upperTail(x);
  if (x < -TAIL) return upperTail(-x);
  let term = x;
  let sum = x;
  for (let k = 3; Math.abs(term) > 1e-18 * Math.abs(sum); k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + sum * normalDensity(x);
}

function upperTail(x: number): number {
  let fraction = x;
  for (let k = TAIL_STEPS; k > 0; k--) fraction = x + k / fraction;
  return normalDensity(x) / fraction;
}

/**
 * The value that a standard normal variable stays at or below with probability `p`: -Infinity for 0, Infinity
 * for 1. Begins at the rational approximation of Abramowitz and Stegun 26.2.23 (error below 4.5e-4) and closes in
 * on `normalProbability` with Halley's method, which triples the digits each time: within 1e-13.
 * @throws RangeError when `p` is not a probability.
 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`${p} is not a probability`);
  if (p === 0) return Number.NEGATIVE_INFINITY;
  // The lower half is where probabilities keep their digits.
  if (p > 0.5) return -normalQuantile(1 - p);
  const t = Math.sqrt(-2 * Math.log(p));
  const numerator = 2.515517 + t * (0.802853 + t * 0.010328);
  const denominator = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
  let x = numerator / denominator - t;
  for (let round = 0; round < 3; round++) {
    const density = normalDensity(x);
    // Beyond 37 deviations a double has no density left to divide by; the start is the answer then.
    if (density === 0) return x;
    const step = (normalProbability(x) - p) / density;
    x -= step / (1 + (x * step) / 2);
  }
  return x;
}
