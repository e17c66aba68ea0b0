/** The file of a converted model that says what the others are. */
export const MANIFEST = "palimpsest.json";
const FORMAT = 1;

/** What `palimpsest convert` writes beside the shards of a model. */
export interface Manifest {
  format: typeof FORMAT;
  /** Of the matrices; 16 for a folder that other programs read too. */
  bits: 4 | 8 | 16;
  /** Weights along the input that share a scale. */
  block: number;
  /** What it was made from; its stamp since there are some. */
  source: { name: string; revision: string; stamp?: string };
  /** By path: bytes, and their SHA-256 in hexadecimal. */
  files: Record<string, { size: number; sha256: string }>;
}

/**
 * Reads a manifest.
 *
 * @throws when it is damaged, or of another format
 */
export function parseManifest(json: string): Manifest {
  const manifest = objectOf(json);
  if (manifest.format !== FORMAT) {
    throw new Error(
      `${MANIFEST} cannot be read: got format ${JSON.stringify(manifest.format)}, expected ${FORMAT}`,
    );
  }
  const entries = Object.values((manifest.files ?? {}) as Record<string, unknown>);
  if (entries.length > 0 && entries.every(isFile)) return manifest as unknown as Manifest;
  throw new Error(`${MANIFEST} is damaged: its "files" are not sizes and SHA-256 sums`);
}

function objectOf(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new Error(`${MANIFEST} is damaged: it is not JSON`);
}

function isFile(entry: unknown): boolean {
  const { size, sha256 } = (entry ?? {}) as Record<string, unknown>;
  return Number.isSafeInteger(size) && typeof sha256 === "string" && /^[0-9a-f]{64}$/.test(sha256);
}
