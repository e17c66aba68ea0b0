const units: readonly [size: number, name: string][] = [
  [1e9, "GB"],
  [1e6, "MB"],
  [1e3, "kB"],
];

/** A number of bytes as sentences have it: `6.4 GB`, `134 MB`. */
export function byteText(bytes: number): string {
  const [size, name] = units.find(([least]) => bytes >= least) ?? [1, "bytes"];
  const value = bytes / size;
  return `${value < 10 && size > 1 ? value.toFixed(1) : Math.round(value)} ${name}`;
}
