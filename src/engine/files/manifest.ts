import * as v from "valibot";
import { bounds } from "../../data/outside/bounds.ts";
import { name, object, text, whole } from "../../data/outside/kinds.ts";
import { readJson } from "../../data/outside/readJson.ts";

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

/** Sizes and hashes by the paths of a folder's own files; no path leaves the folder. */
export const listedFiles = v.record(
  v.pipe(text, v.regex(/^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/, "the name of a file in the folder")),
  object({
    size: whole(0, bounds.fileSize),
    sha256: v.pipe(text, v.regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits")),
  }),
  "an object",
);

const shape = object({
  format: v.literal(FORMAT, `${FORMAT}; update Palimpsest`),
  bits: v.picklist([4, 8, 16], "4, 8 or 16"),
  block: whole(1, bounds.dimension),
  source: object({ name, revision: name, stamp: v.optional(name) }),
  files: v.pipe(
    listedFiles,
    v.check((files) => Object.keys(files).length > 0, "files with their sizes and SHA-256 sums"),
  ),
});

/**
 * Reads a manifest.
 *
 * @param what names the file in messages
 * @throws when it is damaged, or of another format
 */
export const parseManifest = (json: Uint8Array | string, what: string = MANIFEST): Manifest =>
  readJson(json, shape, what) as Manifest;
