/** A probability with three decimals, or with two significant digits where that would say 0.000. */
export function probability(p: number): string {
  if (Number.isNaN(p)) return "–";
  if (p !== 0 && Math.abs(p) < 0.0005) return p.toExponential(1).replace("-", "−");
  return signed(p.toFixed(3));
}

/** A fraction as a percentage, for success rates. */
export function percent(fraction: number): string {
  return Number.isNaN(fraction) ? "–" : `${(100 * fraction).toFixed(1)} %`;
}

/** A number with three significant digits and a true minus sign. */
export function short(x: number): string {
  if (Number.isNaN(x)) return "–";
  if (x === 0) return "0";
  const size = Math.abs(x);
  return signed(
    size >= 1e4 || size < 1e-3 ? x.toExponential(2) : Number(x.toPrecision(3)).toString(),
  );
}

/** How many weights a model has: `124 M`, `6.1 B`. */
export function parameterCount(count: number): string {
  if (count < 1e6) return `${Math.round(count / 1e3)} k`;
  return count < 9.995e8 ? `${Math.round(count / 1e6)} M` : `${(count / 1e9).toFixed(1)} B`;
}

/** `no neighbours`, `1 neighbour`, `2 neighbours`. */
export const counted = (count: number, word: string): string =>
  `${count || "no"} ${word}${count === 1 ? "" : "s"}`;

/** Seconds as a reader says them: `3 s`, `1 min 20 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  const s = Math.max(1, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.round((s % 3600) / 60)} min`;
}

const signed = (text: string) => text.replace(/^-/, "−").replace("e-", "e−").replace("e+", "e");
