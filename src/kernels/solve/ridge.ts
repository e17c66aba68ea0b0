/** The powers of ten between which ridges are tried, as parts of the mean diagonal. */
const smallest = -16;
const largest = 4;

/** A ridge, and what part of the mean diagonal it is. */
export interface Ridge {
  ridge: number;
  part: number;
}

/**
 * The smallest part 1, 2 or 5 · 10ᵏ of the mean diagonal, from 1e-16 to 1e4, that makes a matrix positive definite when it
 * is added to the diagonal, rounded up to two digits; undefined where none does.
 *
 * `mends` factorises with a ridge and says whether that went through: it is asked up to seven times, by bisection.
 */
export async function smallestRidge(
  mean: number,
  mends: (ridge: number) => Promise<boolean>,
): Promise<Ridge | undefined> {
  if (!(mean > 0 && mean < Infinity)) return undefined;
  const parts = Array.from({ length: largest - smallest + 1 }, (_, i) => smallest + i).flatMap(
    (k) => ["1", "2", "5"].map((digit) => Number(`${digit}e${k}`)),
  );
  let [low, high] = [0, parts.length]; // all below low fail; high mends, or is past the end
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await mends(parts[middle] * mean)) high = middle;
    else low = middle + 1;
  }
  if (high === parts.length) return undefined;
  return { ridge: roundedUp(parts[high] * mean), part: parts[high] };
}

/** The smallest number of two digits that is at least x. */
function roundedUp(x: number): number {
  const unit = 10 ** (Math.floor(Math.log10(x)) - 1);
  return Number((Math.ceil(x / unit - 1e-9) * unit).toPrecision(2));
}
