import { list, name } from "../../../data/outside/kinds.ts";
import { readJson } from "../../../data/outside/readJson.ts";
import { digestOf } from "./FileHash.ts";
import { decodeRecord, encodeRecord, type ModelRecord } from "../ModelRecord.ts";
import {
  type FileVersion,
  parsePartKey,
  partKey,
  type PartStore,
  partsOf,
  recordKey,
  RECORDS,
  verifiedKey,
  versionKey,
} from "./PartStore.ts";
import { isFull } from "../../storage/unkept.ts";

const digests = list(name);

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * The kept parts of one model. A store that is full or blocked costs only the keeping: it is said once, and from then on
 * nothing more is put there.
 */
export class KeptParts {
  readonly #store: PartStore | undefined;
  readonly #warn: (sentence: string) => void;
  readonly #index = new Map<string, Map<number, string>>();
  #keeping: boolean;

  private constructor(store: PartStore | undefined, warn: (sentence: string) => void) {
    this.#store = store;
    this.#warn = warn;
    this.#keeping = store !== undefined;
  }

  /** Looks what is there; never fails. */
  static async open(
    store: PartStore | undefined,
    base: string,
    warn: (sentence: string) => void = () => undefined,
  ): Promise<KeptParts> {
    const kept = new KeptParts(store, warn);
    const keys = await kept.#try(() => store!.keys(partsOf(base)));
    for (const key of keys ?? []) {
      const part = parsePartKey(key);
      if (part) kept.#partsAt(part.version).set(part.index, part.digest);
    }
    return kept;
  }

  /** Whether what arrives is kept. */
  get keeping(): boolean {
    return this.#keeping;
  }

  /** The digests of a version's parts that are there. */
  digests(version: FileVersion): ReadonlyMap<number, string> {
    return this.#partsAt(versionKey(version));
  }

  /**
   * A part's bytes; undefined, and no longer there, where they are not what they were.
   *
   * @param expected the digest that the part must have, where that is known
   */
  async get(version: FileVersion, index: number, expected?: string): Promise<Bytes | undefined> {
    const digest = this.digests(version).get(index);
    if (digest === undefined) return undefined;
    const key = partKey(version, index, digest);
    if (digest === (expected ?? digest)) {
      // A store that cannot be read is not one that is full: this part is as good as absent.
      const bytes = await this.#store!.get(key).catch(() => undefined);
      if (bytes && (await digestOf(bytes)) === digest) return bytes;
    }
    this.#partsAt(versionKey(version)).delete(index);
    await this.#store!.delete(key).catch(() => undefined);
    return undefined;
  }

  /** @returns whether it is kept now */
  async put(
    version: FileVersion,
    index: number,
    part: { digest: string; bytes: Bytes },
  ): Promise<boolean> {
    const { digest, bytes } = part;
    const done = await this.#try(async () => {
      await this.#store!.put(partKey(version, index, digest), bytes);
      return true;
    });
    if (done) this.#partsAt(versionKey(version)).set(index, digest);
    return done ?? false;
  }

  /** The digests of all parts of a file whose whole hash was once found right. */
  async verified(version: FileVersion): Promise<string[] | undefined> {
    const bytes = await this.#store?.get(verifiedKey(version)).catch(() => undefined);
    try {
      return bytes && readJson(bytes, digests, "what is kept of a file");
    } catch {
      return undefined;
    }
  }

  /** Notes that the whole file was right when its parts had these digests. */
  async setVerified(version: FileVersion, digests: readonly string[]): Promise<void> {
    const bytes = new TextEncoder().encode(JSON.stringify(digests));
    await this.#try(() => this.#store!.put(verifiedKey(version), bytes));
  }

  /** Throws a version of a file away. */
  async dropVersion(version: FileVersion): Promise<void> {
    await this.#drop(versionKey(version));
  }

  /** Throws away every version of the model's files, or of one of them, that is in none of the records. */
  async dropUnused(base: string, records: readonly ModelRecord[], path?: string): Promise<void> {
    const used = new Set<string>();
    for (const { files } of records) {
      for (const [file, facts] of Object.entries(files)) {
        const stamp = facts?.stamp;
        if (stamp !== undefined) used.add(versionKey({ base, path: file, stamp, partSize: 0 }));
      }
    }
    const sizeless = (version: string) => version.replace(/\d+\/$/, "0/");
    const within = path === undefined ? partsOf(base) : pathPrefix(base, path);
    const unused = [...this.#index.keys()].filter(
      (version) => version.startsWith(within) && !used.has(sizeless(version)),
    );
    await Promise.all(unused.map((version) => this.#drop(version)));
  }

  /** What is kept about one revision. */
  async record(base: string, revision: string): Promise<ModelRecord | undefined> {
    return decodeRecord(await this.#try(() => this.#store!.get(recordKey(base, revision))));
  }

  /** What is kept about all revisions of a model. */
  async records(base: string): Promise<ModelRecord[]> {
    const prefix = recordKey(base, "");
    const keys = (await this.#try(() => this.#store!.keys(prefix))) ?? [];
    const all = await Promise.all(keys.map((key) => this.#try(() => this.#store!.get(key))));
    return all.map(decodeRecord).filter((record) => record !== undefined);
  }

  /** Writes down what is known of a model; what another tab wants of the same commit stays wanted. */
  async setRecord(record: ModelRecord): Promise<void> {
    const key = recordKey(record.base, record.revision);
    await this.#try(async () => {
      const there = decodeRecord(await this.#store!.get(key));
      const theirs = there?.commit === record.commit ? there?.wanted : undefined;
      const wanted = [...new Set([...(theirs ?? []), ...record.wanted])];
      await this.#store!.put(key, encodeRecord({ ...record, wanted }));
    });
  }

  #partsAt(version: string): Map<number, string> {
    const known = this.#index.get(version);
    if (known) return known;
    const parts = new Map<number, string>();
    this.#index.set(version, parts);
    return parts;
  }

  async #drop(version: string): Promise<void> {
    this.#index.delete(version);
    const store = this.#store;
    if (!store) return;
    try {
      await Promise.all((await store.keys(version)).map((key) => store.delete(key)));
    } catch {
      // A part whose version nobody asks for any more is never read.
    }
  }

  async #try<T>(action: () => Promise<T>): Promise<T | undefined> {
    if (!this.#keeping) return undefined;
    try {
      return await action();
    } catch (cause) {
      if (this.#keeping) this.#warn(refusal(cause as Error));
      this.#keeping = false;
      return undefined;
    }
  }
}

const pathPrefix = (base: string, path: string) =>
  versionKey({ base, path, stamp: "", partSize: 0 }).replace(/_\/0\/$/, "");

function refusal(error: Error): string {
  const what = isFull(error) ? "the storage for models is full" : "models cannot be kept";
  return `${what} (${error.message}); loading goes on, but what is not kept will be downloaded again`;
}

/** The records of all models in a store. */
export async function allRecords(store: PartStore): Promise<ModelRecord[]> {
  const all = await Promise.all((await store.keys(RECORDS)).map((key) => store.get(key)));
  return all.map(decodeRecord).filter((record) => record !== undefined);
}
