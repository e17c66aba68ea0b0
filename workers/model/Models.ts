import { browserStore, storageEstimate } from "../../src/engine/files/download/browserStore.ts";
import { deleteKept, type KeptModel, listKept } from "../../src/engine/files/keptModels.ts";
import { architectureOf } from "../../src/engine/architecture/architectures.ts";
import { readConfig } from "../../src/engine/architecture/readConfig.ts";
import { knownModels } from "../../src/engine/architecture/knownModels.ts";
import { checkpointBytes } from "../../src/engine/footprint/loadingBytes.ts";
import type { PartStore } from "../../src/engine/files/download/PartStore.ts";
import type { Runtime } from "../../src/engine/runtime/Runtime.ts";
import { Shelf } from "../../src/engine/storage/Shelf.ts";
import { whileNobodyLoads } from "../../src/engine/storage/modelLock.ts";
import type { ModelFiles } from "../../src/engine/files/ModelFiles.ts";
import { modelPaths } from "../../src/engine/files/modelPaths.ts";
import type {
  KeptModels,
  KeptModelView,
  KnownModelView,
  ModelRequest,
  PlaceRequest,
  PlaceView,
  PlannedWork,
  PlanView,
  PrecisionPlan,
} from "../protocol/modelProtocol.ts";
import { nameOf, openSource, sourceUrl } from "../../src/engine/files/openSource.ts";
import { editors } from "../../src/methods/edit/editors.ts";
import { overlayStore } from "../../src/engine/files/overlayStore.ts";
import type { MemoryRequest } from "./planMemory.ts";
import type { Queue } from "../Queue.ts";

/** What the Lab lends. */
export interface ModelsHost {
  queue: Queue;
  runtime(): Runtime;
  /** Where the page's own files lie. */
  base(): string;
  /** What is kept has changed. */
  changed?(): void;
}

/** Models that could be opened, and those that are kept. Nothing here waits for another job. */
export class Models {
  readonly #host: ModelsHost;
  readonly #store: PartStore | undefined;
  readonly #shelf = new Shelf();

  /** @param store where files are kept; by default the browser's, if it has one */
  constructor(host: ModelsHost, store = browserStore()) {
    this.#host = host;
    this.#store = store;
  }

  /** The folder that was kept last, as the browser handed it to the page; undefined where there is none. */
  folder(): Promise<unknown> {
    return this.#shelf.take("folder");
  }

  /** Keeps the folder of the model that was opened, for one click of a later visit; undefined forgets it. */
  keepFolder(handle: unknown): Promise<void> {
    return this.#shelf.put("folder", handle);
  }

  /** The published models, the smallest first. */
  known(): KnownModelView[] {
    return knownModels.map(({ name, id, revision, parameters, files, note }) => ({
      name,
      parameters,
      note,
      bytes: files.reduce((sum, file) => sum + file.bytes, 0),
      source: {
        kind: "address",
        address: id,
        revision: revision === "main" ? undefined : revision,
      },
    }));
  }

  /**
   * Where an address or Hub id leads; nothing is fetched.
   *
   * @throws a sentence where it is neither
   */
  place({ source, hub }: PlaceRequest): PlaceView {
    const base = this.#host.base();
    const { href, origin, host } = sourceUrl(source, { hub, base });
    const { href: plain } = sourceUrl(source, { base });
    return { url: href, host, own: origin === new URL(base).origin, mirror: href !== plain };
  }

  /** What opening a model would mean; its config and the list of its files are read for it, no weights. */
  plan(id: number, request: ModelRequest): Promise<PlanView> {
    return this.#host.queue.aside(id, `looking at ${nameOf(request.source)}`, async (signal) => {
      const store = overlayStore(this.#store);
      const files = await openSource(request, this.#host.base(), { store, signal });
      const config = await readConfig(files);
      const { paths, stored } = await modelPaths(files);
      const sizes = await Promise.all(paths.map((path) => files.size(path)));
      const missing = await missingOf(files, paths);
      const list = paths.map((path, i) => ({ path, bytes: sizes[i] ?? 0 }));
      const bytes = list.reduce((sum, file) => sum + file.bytes, 0);
      const [looked] = await listKept(store);
      const storage = await storageEstimate();
      return {
        config,
        family: architectureOf(config).title,
        files: list,
        bytes,
        stored,
        missing,
        from: placeName(request, this.#host.base()),
        kept: request.source.kind === "address" ? (looked?.bytes ?? 0) - store.added() : bytes,
        offline: files.offline ?? false,
        parameters: checkpointBytes(config) / 4,
        works,
        storage,
      };
    });
  }

  /** What work on a model would take, in every precision. */
  async memory(request: MemoryRequest): Promise<PrecisionPlan[]> {
    const { planMemory } = await import("./planMemory.ts");
    return planMemory(request, this.#host.runtime());
  }

  /** The models that are kept, wholly or in part. */
  async kept(): Promise<KeptModels> {
    const kept = this.#store ? await listKept(this.#store) : [];
    const storage = await storageEstimate();
    // What was only looked for, or mistyped, left nothing behind but its name.
    const models = kept.filter(({ bytes }) => bytes > 0).map(viewOf);
    return { models, storage };
  }

  /**
   * Deletes a kept model.
   *
   * @throws a sentence where another tab is loading one
   */
  async remove(model: Pick<KeptModelView, "base" | "revision">): Promise<KeptModels> {
    const store = this.#store;
    if (store) await whileNobodyLoads(() => deleteKept(store, model));
    this.#host.changed?.();
    return this.kept();
  }
}

/** What memory can be planned for: work with the first editor, tracing, the other editors, statistics. */
const [first, ...others] = editors.map(({ name, title }): PlannedWork => ({ name, title }));
const works: PlannedWork[] = [
  first,
  { name: "trace", title: "Tracing" },
  ...others,
  { name: "statistics", title: "Statistics" },
];

/** What a model does not open without, and these files lack; an index may name shards that are not there. */
async function missingOf(files: ModelFiles, paths: readonly string[]): Promise<string[]> {
  const there = await Promise.all(paths.map((path) => files.has(path)));
  const missing = paths.filter((_, i) => !there[i]);
  const has = (name: string) => paths.includes(name);
  const vocabulary = has("vocab.json") && has("merges.txt");
  if (!has("tokenizer.json") && !vocabulary && !(await files.has("encoder.json")))
    missing.push("tokenizer.json");
  return missing;
}

function viewOf(kept: KeptModel): KeptModelView {
  const { name, revision, base } = kept;
  const address = revision === "" ? base : name;
  return { ...kept, source: { kind: "address", address, revision: revision || undefined } };
}

function placeName({ source, hub }: ModelRequest, base: string): string {
  if (source.kind === "folder") return source.name;
  if (source.kind === "demo") return "this page";
  return sourceUrl(source, { hub, base }).host;
}
