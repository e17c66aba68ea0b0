import type { Stoppable } from "../runtime/Stoppable.ts";
import type { Connection, Outcome, Patience } from "./download/Answer.ts";
import { Downloads } from "./download/Downloads.ts";
import { hubCommit, hubFile, type HubModel, hubTree } from "./hub.ts";
import { KeptParts } from "./download/KeptParts.ts";
import type { OpenedFiles } from "./OpenedFiles.ts";
import type { Opening } from "./Opening.ts";
import type { FileFacts, ModelRecord } from "./ModelRecord.ts";
import { checkId, HUB, type ModelSource } from "./ModelSource.ts";
import type { PartStore } from "./download/PartStore.ts";
import { PartWindow } from "./download/PartWindow.ts";
import { type Listing, RemoteFiles } from "./download/RemoteFiles.ts";
import { serverListing } from "./serverListing.ts";
import { TransferMeter, type TransferProgress } from "./download/TransferMeter.ts";

/** How files are fetched and kept; everything has a default but `store`. */
export interface OpenOptions extends Stoppable {
  /** Where parts are kept; absent: nowhere, and what is needed twice may be fetched twice. */
  store?: PartStore | undefined;
  onProgress?: (progress: TransferProgress) => void;
  /** Told once, in a sentence, when the store takes no more. */
  onWarning?: (sentence: string) => void;
  fetch?: typeof globalThis.fetch;
  /** The Hub's address, for mirrors. */
  hub?: string | undefined;
  /** Bytes of a part. */
  partSize?: number;
  /** Requests at a time. */
  parallel?: number;
  patience?: Patience;
  /** Milliseconds since 1970. */
  clock?: () => number;
}

const PATIENCE: Patience = { tries: 7, backoff: 500, longest: 30_000, stall: 30_000 };
/** Tries for a first contact: who is offline should not wait for a minute to read what is kept. */
const FIRST_TRIES = 3;

/**
 * Opens a model of the Hub, or of an address of the same layout: ranged, parallel, resumed, verified and kept.
 * A revision of the Hub is pinned to its commit first, so that a branch that moves cannot be mixed.
 *
 * @throws a sentence: no such model or revision, or nobody there and nothing kept
 */
export async function openFiles(
  source: ModelSource,
  options: OpenOptions = {},
): Promise<OpenedFiles> {
  const { parallel = 6, partSize = 16 * 2 ** 20, clock = wallClock } = options;
  const connection: Connection = {
    fetch: options.fetch ?? globalThis.fetch.bind(globalThis),
    signal: options.signal ?? new AbortController().signal,
    patience: options.patience ?? PATIENCE,
  };
  const base = baseOf(source, options.hub ?? HUB);
  const kept = await KeptParts.open(options.store, base, options.onWarning);
  const opening = { base, kept, connection, now: clock() };
  const listing =
    "id" in source
      ? await openHub(hubModel(source, options.hub), opening)
      : await serverListing(opening);
  const files: RemoteFiles = new RemoteFiles(listing, {
    name: listing.record.name,
    base,
    partSize,
    parallel,
    connection,
    kept,
    downloads: new Downloads(parallel),
    window: new PartWindow(parallel + 2),
    offline: listing.offline,
    received: (bytes) => meter.add(bytes),
  });
  const meter = new TransferMeter(() => files.state(), options.onProgress ?? ignore, clock);
  return files.asModelFiles(() => meter.report());
}

const ignore = () => undefined;

const wallClock = () => performance.timeOrigin + performance.now();

function hubModel(source: { id: string; revision?: string | undefined }, hub = HUB): HubModel {
  checkId(source.id);
  return { hub: plain(hub), id: source.id, revision: source.revision ?? "main" };
}

const plain = (address: string) => address.replace(/\/+$/, "");

const baseOf = (source: ModelSource, hub: string) =>
  "id" in source ? `${plain(hub)}/${source.id}` : `${plain(source.address)}/`;

/** The files of a revision: as the Hub has them now, or as they were kept where it cannot be reached. */
async function openHub(model: HubModel, opening: Opening): Promise<Listing> {
  const { base, kept, connection, now } = opening;
  const before = await kept.record(base, model.revision);
  const asked = await currentFiles(model, before, connection);
  if (!("value" in asked) && !before) throw asked.again;
  const { commit, files } = "value" in asked ? asked.value : (before as Required<ModelRecord>);
  const record: ModelRecord = {
    format: 2,
    name: model.id,
    revision: model.revision,
    commit,
    base,
    files,
    wanted: before?.wanted ?? [],
    usedAt: now,
  };
  await kept.setRecord(record);
  const offline = !("value" in asked);
  if (!offline && before && before.commit !== commit) {
    await kept.dropUnused(base, await kept.records(base));
  }
  return {
    record,
    offline,
    revision: commit,
    where: `${model.id} at ${model.revision}`,
    facts: (path) => Promise.resolve(Object.hasOwn(files, path) ? files[path] : null),
    url: (path) => hubFile(model, commit, path),
  };
}

/** A commit never changes, so that a kept list of its files is as good as the Hub's. */
async function currentFiles(
  model: HubModel,
  before: ModelRecord | undefined,
  connection: Connection,
): Promise<Outcome<{ commit: string; files: Record<string, FileFacts | null> }>> {
  const known = (commit: string) => before && before.commit === commit && before.files;
  const pinned = known(model.revision);
  if (pinned) return { value: { commit: model.revision, files: pinned } };
  const asked = await hubCommit(model, connection, FIRST_TRIES);
  if (!("value" in asked)) return asked;
  const commit = asked.value;
  const same = known(commit);
  if (same) return { value: { commit, files: same } };
  const tree = await hubTree(model, commit, connection);
  return "value" in tree ? { value: { commit, files: Object.fromEntries(tree.value) } } : tree;
}
