const units: readonly [size: number, name: string][] = [
  [1e12, "TB"],
  [1e9, "GB"],
  [1e6, "MB"],
  [1e3, "kB"],
];

/** The unit that a size is said in: its bytes and its name. */
export function sizeUnit(size: number): readonly [bytes: number, name: string] {
  return units.find(([least]) => size >= least) ?? [1, "bytes"];
}

/** A size as a reader says it: `85 MB`, `1.2 GB`. */
export function bytes(size: number): string {
  const [unit, name] = sizeUnit(size);
  const value = size / unit;
  return `${value >= 10 || unit === 1 ? Math.round(value) : value.toFixed(1)} ${name}`;
}

/** A part of a size: `1.2 of 6.4 GB`, or `85 MB of 6.4 GB`. */
export function bytesOf(part: number, whole: number): string {
  const [of, name] = bytes(whole).split(" ");
  const unit = units.find(([, unitName]) => unitName === name)?.[0] ?? 1;
  const same = part >= unit || part === 0;
  const digits = of.includes(".") || part / unit < 10 ? 1 : 0;
  if (part >= whole) return `${of} of ${of} ${name}`;
  return same
    ? `${(part / unit).toFixed(part ? digits : 0)} of ${of} ${name}`
    : `${bytes(part)} of ${of} ${name}`;
}
