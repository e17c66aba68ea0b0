import { allRecords, KeptParts } from "./download/KeptParts.ts";
import type { FileFacts, ModelRecord } from "./ModelRecord.ts";
import {
  parsePartKey,
  type PartStore,
  partsOf,
  recordKey,
  versionKey,
} from "./download/PartStore.ts";

/** A model that is kept, wholly or in part. */
export interface KeptModel {
  /** Hub id, or the last part of the address. */
  name: string;
  /** As it was asked for; "" for an address that has none. */
  revision: string;
  /** The commit that a Hub's revision stands for. */
  commit?: string | undefined;
  /** Its address without a revision; with the revision, what {@link deleteKept} takes. */
  base: string;
  /** Kept bytes. Files that two revisions share count for both. */
  bytes: number;
  /** Bytes of the files that were asked for so far. */
  total: number;
  /** Whether all of these are there, so that it works without a connection. */
  complete: boolean;
  /** Milliseconds since 1970. */
  usedAt: number;
}

/** The models that are kept, the one used last first. */
export async function listKept(store: PartStore): Promise<KeptModel[]> {
  const records = await allRecords(store);
  const models = records.map(async (record) => keptModel(record, await keptBytes(store, record)));
  return (await Promise.all(models)).sort((a, b) => b.usedAt - a.usedAt);
}

function keptModel(record: ModelRecord, kept: Map<string, number>): KeptModel {
  const { name, revision, commit, base, usedAt } = record;
  const wanted = record.wanted.filter((path) => record.files[path]);
  const size = (path: string) => record.files[path]!.size;
  const here = (path: string) => kept.get(path) ?? 0;
  return {
    name,
    revision,
    base,
    usedAt,
    commit,
    bytes: [...kept.values()].reduce((sum, bytes) => sum + bytes, 0),
    total: wanted.reduce((sum, path) => sum + size(path), 0),
    complete: wanted.some(isWeights) && wanted.every((path) => here(path) === size(path)),
  };
}

/** A load that was stopped early has asked for the config alone. */
const isWeights = (path: string) => /\.(safetensors|bin)$/.test(path);

/** Kept bytes by file, of the versions that a record names. */
async function keptBytes(store: PartStore, record: ModelRecord): Promise<Map<string, number>> {
  const { base } = record;
  const named = new Map<string, { path: string; facts: FileFacts }>();
  for (const [path, facts] of Object.entries(record.files)) {
    if (facts?.stamp === undefined) continue;
    named.set(sizeless(versionKey({ base, path, stamp: facts.stamp, partSize: 0 })), {
      path,
      facts,
    });
  }
  const bytes = new Map<string, number>();
  for (const key of await store.keys(partsOf(base))) {
    const part = parsePartKey(key);
    const file = part && named.get(sizeless(part.version));
    if (!file) continue;
    const length = Math.min(part.partSize, file.facts.size - part.index * part.partSize);
    bytes.set(file.path, (bytes.get(file.path) ?? 0) + length);
  }
  return bytes;
}

/** A version's key without the size of its parts. */
const sizeless = (version: string) => version.replace(/\d+\/$/, "");

/** Deletes a kept revision, but for the files that another kept revision has too. */
export async function deleteKept(
  store: PartStore,
  { base, revision }: { base: string; revision: string },
): Promise<void> {
  await store.delete(recordKey(base, revision));
  const kept = await KeptParts.open(store, base);
  await kept.dropUnused(base, await kept.records(base));
}
