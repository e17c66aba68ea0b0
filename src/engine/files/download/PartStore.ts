/** Where parts of model files outlive the page or the process: bytes by key. */
export interface PartStore {
  /** The bytes of an entry; undefined where there is none. */
  get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /**
   * Keeps an entry whole or not at all, in the place of the one before.
   *
   * @throws where the storage is full or refuses
   */
  put(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Removes an entry, if it is there. */
  delete(key: string): Promise<void>;
  /** The keys that begin so, in any order. */
  keys(prefix: string): Promise<string[]>;
}

/** One version of one file, cut into parts of one size. */
export interface FileVersion {
  /** Address of the model, without a revision: equal files of two revisions are kept once. */
  base: string;
  path: string;
  /** What tells the file's versions apart: its hash, or its ETag. */
  stamp: string;
  partSize: number;
}

const FORMAT = 2;
// The sign before it keeps a segment from being "." or "..", which mean something in addresses.
const segment = (text: string) => `_${encodeURIComponent(text)}`;

/** Where the records of all models begin. */
export const RECORDS = `${FORMAT}/records/`;

/** The key of what is known of a model: its files, their sizes and hashes. */
export const recordKey = (base: string, revision: string): string =>
  `${RECORDS}${segment(base)}/${segment(revision)}`;

/** Where the keys of all parts of a model begin. */
export const partsOf = (base: string): string => `${FORMAT}/parts/${segment(base)}/`;

/** Where the keys of one file's parts begin. */
export const versionKey = ({ base, path, stamp, partSize }: FileVersion): string =>
  `${partsOf(base)}${segment(path)}/${segment(stamp)}/${partSize}/`;

/**
 * The key of one part. It names the digest of the part's bytes, so that what is there, and what it must be, is known from
 * the keys alone, and an interrupted visit leaves nothing that a record does not know.
 *
 * @param digest SHA-256 in hexadecimal
 */
export const partKey = (version: FileVersion, index: number, digest: string): string =>
  `${versionKey(version)}${index}-${digest}`;

/** The key of the digests that all parts had when the whole file's hash was right. */
export const verifiedKey = (version: FileVersion): string => `${versionKey(version)}verified`;

/** Version and part of a key made by {@link partKey}; undefined for any other key. */
export function parsePartKey(
  key: string,
): { version: string; partSize: number; index: number; digest: string } | undefined {
  const found = /^(.*\/(\d+)\/)(\d+)-([0-9a-f]{64})$/.exec(key);
  if (!found) return undefined;
  const [, version, partSize, index, digest] = found;
  return { version, partSize: Number(partSize), index: Number(index), digest };
}
