/** A value beside an axis, and its text. */
export interface Tick {
  value: number;
  label: string;
}

/** Digits that a text of a number has at most: those that float64 tells apart. */
const MOST = 15;

/**
 * The ticks of an axis as texts, all in one form and with no more digits than tell them apart: `0.10, 0.15`, or
 * `2e−6, 4e−6` where they are all tiny.
 */
export function tickLabels(values: readonly number[]): Tick[] {
  const sizes = values.filter((value) => value !== 0).map(Math.abs);
  const greatest = Math.max(0, ...sizes);
  const write = greatest > 0 && (greatest < 1e-3 || greatest >= 1e5) ? exponential : fixed;
  return values.map((value) => ({
    value,
    label: signed(value === 0 ? "0" : write(value, values)),
  }));
}

function fixed(value: number, all: readonly number[]): string {
  const digits = leastDigits(all, (one, digits) => one.toFixed(digits));
  return value.toFixed(digits);
}

function exponential(value: number, all: readonly number[]): string {
  const digits = leastDigits(all, (one, digits) => one.toExponential(digits));
  return value.toExponential(digits);
}

/** The fewest digits with which every value is written to a thousandth of their step. */
function leastDigits(
  values: readonly number[],
  write: (value: number, digits: number) => string,
): number {
  const sorted = [...new Set(values)].sort((a, b) => a - b);
  const gaps = sorted.slice(1).map((value, i) => value - sorted[i]);
  const step = gaps.length > 0 ? Math.min(...gaps) : Math.abs(sorted[0] ?? 1);
  for (let digits = 0; digits < MOST; digits++) {
    if (values.every((value) => Math.abs(Number(write(value, digits)) - value) <= step / 1000))
      return digits;
  }
  return MOST;
}

/**
 * A number in as many digits as a range asks for: to a thousandth of it, at least three significant ones.
 *
 * @param range of the values that it is compared with
 */
export function valueIn(value: number, range: number): string {
  if (Number.isNaN(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-3) return signed(value.toExponential(2));
  const finest = range > 0 ? Math.min(size / 100, range / 1000) : size / 100;
  const digits = Math.ceil(-Math.log10(finest));
  return signed(value.toFixed(Math.min(12, Math.max(3, digits))));
}

const signed = (text: string): string =>
  text.replace(/^-/, "−").replace("e-", "e−").replace("e+", "e");
