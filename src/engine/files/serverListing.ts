import { ask, type Outcome, patiently } from "./download/Answer.ts";
import { decoded } from "../../data/outside/decoded.ts";
import { shown } from "../../data/outside/shown.ts";
import { connectionLost, isPage, Overlong } from "./http.ts";
import { MANIFEST, type Manifest, parseManifest } from "./manifest.ts";
import type { FileFacts, ModelRecord } from "./ModelRecord.ts";
import type { Opening } from "./Opening.ts";
import type { Listing } from "./download/RemoteFiles.ts";
import { serverFacts } from "./serverFiles.ts";

/** Tries for a first contact: who is offline should not wait for a minute to read what is kept. */
const FIRST_TRIES = 3;

/**
 * The files of a server that lists none: each is asked after when it is first wanted. A manifest beside them gives sizes
 * and hashes; without one a file is as good as its ETag or its date.
 *
 * @throws a sentence where nobody is there and nothing kept
 */
export async function serverListing(opening: Opening): Promise<Listing> {
  const { base, kept, now } = opening;
  const before = await kept.record(base, "");
  const asked = await readManifest(opening);
  const offline = !("value" in asked);
  if (offline && !before) throw asked.again;
  const text = offline ? undefined : asked.value;
  const manifest = text === undefined ? undefined : parseManifest(text, base + MANIFEST);
  const record: ModelRecord = {
    format: 2,
    name: before?.name ?? lastPart(base),
    revision: "",
    base,
    files: before?.files ?? {},
    wanted: before?.wanted ?? [],
    usedAt: now,
  };
  const files = new ServerFiles(opening, { record, offline, text, manifest });
  return {
    record,
    offline,
    revision: "unknown",
    where: base,
    facts: (path) => files.facts(path),
    url: (path) => base + path,
    recheck: (paths) => files.recheck(paths),
  };
}

/** The manifest's text; undefined where there is none. */
async function readManifest({ base, connection }: Opening): Promise<Outcome<string | undefined>> {
  const url = base + MANIFEST;
  return patiently(
    async () => {
      const asked = await ask(url, { cache: "no-cache" }, connection);
      if (!("value" in asked)) return asked;
      const answer = asked.value;
      if (answer.status !== 200 || isPage(answer, MANIFEST)) {
        answer.cancel();
        return { value: undefined };
      }
      let bytes: Uint8Array;
      try {
        bytes = await answer.bytes();
      } catch (cause) {
        connection.signal.throwIfAborted();
        if (cause instanceof Overlong) throw cause;
        return { again: connectionLost(url, cause) };
      }
      return { value: new TextDecoder().decode(bytes) };
    },
    connection,
    FIRST_TRIES,
  );
}

interface State {
  record: ModelRecord;
  offline: boolean;
  /** The manifest as it was read. */
  text: string | undefined;
  manifest: Manifest | undefined;
}

/** What a server says of each file, asked once. */
class ServerFiles {
  readonly #opening: Opening;
  readonly #state: State;
  readonly #known = new Map<string, Promise<FileFacts | null>>();

  constructor(opening: Opening, state: State) {
    this.#opening = opening;
    this.#state = state;
  }

  facts(path: string): Promise<FileFacts | null> {
    const known = this.#known.get(path);
    if (known) return known;
    const asked = this.#state.offline ? this.#keptFacts(path) : this.#currentFacts(path);
    this.#known.set(path, asked);
    asked.catch(() => this.#known.delete(path));
    return asked;
  }

  /** See {@link Listing.recheck}. The manifest is what all else is measured by, and nothing measures it. */
  async recheck(paths: readonly string[]): Promise<void> {
    if (this.#state.offline) return;
    const asked = await readManifest(this.#opening);
    if (!("value" in asked)) throw asked.again;
    if (asked.value !== this.#state.text) throw await this.#changed(MANIFEST);
    await Promise.all(paths.map((path) => this.#recheck(path)));
  }

  async #recheck(path: string): Promise<void> {
    const { base, connection } = this.#opening;
    const before = await this.facts(path);
    if (!before || before.hash) return;
    const asked = await serverFacts(base + path, path, connection);
    if (!("value" in asked)) throw asked.again;
    const now = asked.value;
    if (now?.size !== before.size || now.stamp !== before.stamp) throw await this.#changed(path);
  }

  /** What is kept without a hash may be of either time, and is dropped. */
  async #changed(path: string): Promise<Error> {
    const { base, kept } = this.#opening;
    const { record } = this.#state;
    const hashed = Object.entries(record.files).filter(([, facts]) => facts?.hash);
    record.files = Object.fromEntries(hashed);
    await kept.setRecord(record);
    await kept.dropUnused(base, [record]);
    return new Error(`${base}${path} changed while the model was read; load it again`);
  }

  #keptFacts(path: string): Promise<FileFacts | null> {
    const { record } = this.#state;
    if (Object.hasOwn(record.files, path)) return Promise.resolve(record.files[path]);
    const url = this.#opening.base + path;
    return Promise.reject(new Error(`could not reach ${url}, and nothing is kept of it`));
  }

  async #currentFacts(path: string): Promise<FileFacts | null> {
    const { base, kept, connection } = this.#opening;
    const { record, manifest } = this.#state;
    const asked = await serverFacts(base + path, path, connection);
    if (!("value" in asked)) throw asked.again;
    const facts = asked.value && withManifest(asked.value, entryOf(manifest, path), base + path);
    const before = record.files[path] as FileFacts | null | undefined;
    record.files[path] = facts;
    await kept.setRecord(record);
    if (before && before.stamp !== facts?.stamp) await kept.dropUnused(base, [record], path);
    return facts;
  }
}

const entryOf = (manifest: Manifest | undefined, path: string) =>
  manifest && Object.hasOwn(manifest.files, path) ? manifest.files[path] : undefined;

function withManifest(
  facts: FileFacts,
  entry: { size: number; sha256: string } | undefined,
  url: string,
): FileFacts {
  if (!entry) return facts;
  if (entry.size !== facts.size) {
    throw new Error(
      `${url} has ${facts.size} bytes, but ${MANIFEST} says ${entry.size}; convert it again`,
    );
  }
  return { ...facts, stamp: entry.sha256, hash: { kind: "sha256", hex: entry.sha256 } };
}

const lastPart = (base: string) => {
  const part = base.split("/").filter(Boolean).at(-1) ?? base;
  return shown(/^[\w.%-]+$/.test(part) ? decoded(part) : part, 200);
};
