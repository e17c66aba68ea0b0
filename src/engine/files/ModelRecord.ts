import * as v from "valibot";
import { bounds } from "../../data/outside/bounds.ts";
import { list, longText, name, number, object, text, whole } from "../../data/outside/kinds.ts";
import { readJson } from "../../data/outside/readJson.ts";
import type { ExpectedHash } from "./download/FileHash.ts";

/** What is known of a file before it is fetched. */
export interface FileFacts {
  /** In bytes. */
  size: number;
  /** Tells this version from others; absent where nothing does, and then the file is not kept. */
  stamp?: string | undefined;
  hash?: ExpectedHash;
  /** What every answer with a range of the file must repeat, where it repeats it at all. */
  etag?: string | undefined;
  modified?: string | undefined;
}

/** What is kept about a model beside the parts of its files. */
export interface ModelRecord {
  format: 2;
  name: string;
  /** As it was asked for: a branch, a tag, a commit; "" for an address that has none. */
  revision: string;
  /** The commit that a Hub's revision stood for. */
  commit?: string;
  /** Address of the model, without a revision. */
  base: string;
  /** null for a file that is known not to be there. */
  files: Record<string, FileFacts | null>;
  /** The files that were asked for. */
  wanted: string[];
  /** Milliseconds since 1970. */
  usedAt: number;
}

const facts = object({
  size: whole(0, bounds.fileSize),
  stamp: v.optional(text),
  hash: v.optional(object({ kind: v.picklist(["git", "sha256"]), hex: name })),
  etag: v.optional(text),
  modified: v.optional(text),
});
const record = object({
  format: v.literal(2),
  name: longText,
  revision: longText,
  commit: v.optional(name),
  base: longText,
  files: v.record(text, v.nullable(facts)),
  wanted: list(longText),
  usedAt: number,
});

/** A record's bytes. */
export const encodeRecord = (record: ModelRecord): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(JSON.stringify(record));

/** The record in kept bytes; undefined where they are damaged or of another format. */
export function decodeRecord(bytes: Uint8Array | undefined): ModelRecord | undefined {
  if (!bytes) return undefined;
  try {
    return readJson(bytes, record, "what is kept of a model") as ModelRecord;
  } catch {
    return undefined;
  }
}
