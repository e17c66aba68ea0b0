import * as v from "valibot";
import { bounds } from "../../data/outside/bounds.ts";
import { checkShape } from "../../data/outside/checkShape.ts";
import { list, name, object, text, whole } from "../../data/outside/kinds.ts";
import { parseJson } from "../../data/outside/readJson.ts";
import { shown } from "../../data/outside/shown.ts";
import { type Answer, ask, type Connection, type Outcome, patiently } from "./download/Answer.ts";
import { Overlong, place } from "./http.ts";
import type { FileFacts } from "./ModelRecord.ts";

/** A model of the Hub. */
export interface HubModel {
  /** The Hub's address. */
  hub: string;
  id: string;
  /** A branch, a tag, refs/pr/40 or a commit. */
  revision: string;
}

const hash = (digits: number) =>
  v.pipe(text, v.regex(new RegExp(`^[0-9a-f]{${digits}}$`), `a hash of ${digits} digits`));

const revisionShape = object({ sha: hash(40) });
const pageShape = list(object({ type: text }), bounds.repositoryFiles);
const fileShape = object({
  path: name,
  size: whole(0, bounds.fileSize),
  /** Git's name of the file's bytes, or of the pointer to them. */
  oid: hash(40),
  /** `oid` is the SHA-256 of the bytes. */
  lfs: v.optional(object({ oid: hash(64), size: whole(0, bounds.fileSize) })),
});

/** Where a file of a commit is. */
export const hubFile = ({ hub, id }: HubModel, commit: string, path: string): string =>
  `${hub}/${id}/resolve/${commit}/${path.toWellFormed().split("/").map(encodeURIComponent).join("/")}`;

/**
 * The commit that a revision stands for at the moment.
 *
 * @throws a sentence where there is no such model or revision
 */
export async function hubCommit(
  model: HubModel,
  connection: Connection,
  tries?: number,
): Promise<Outcome<string>> {
  const { hub, id, revision } = model;
  const url = `${hub}/api/models/${id}/revision/${encodeURIComponent(revision.toWellFormed())}`;
  const asked = await patiently(() => askJson(url, model, connection), connection, tries);
  if (!("value" in asked)) return asked;
  const { sha } = hubShape(asked.value.json, revisionShape, { url, hub });
  return { value: sha };
}

/**
 * The files of a commit with their sizes and hashes.
 *
 * @throws a sentence
 */
export async function hubTree(
  model: HubModel,
  commit: string,
  connection: Connection,
): Promise<Outcome<Map<string, FileFacts>>> {
  const { hub, id } = model;
  const files = new Map<string, FileFacts>();
  let url: string | undefined = `${hub}/api/models/${id}/tree/${commit}?recursive=true`;
  for (let page = 0; url !== undefined; page++) {
    if (page >= bounds.listPages || files.size > bounds.repositoryFiles) throw endless(model);
    const at: string = url;
    const asked = await patiently(() => askJson(at, model, connection), connection);
    if (!("value" in asked)) return asked;
    for (const entry of hubShape(asked.value.json, pageShape, { url: at, hub })) {
      if (entry.type !== "file") continue;
      const file = hubShape(entry, fileShape, { url: at, hub });
      files.set(file.path, factsOf(file));
    }
    url = asked.value.next;
  }
  return { value: files };
}

function factsOf({ size, oid, lfs }: v.InferOutput<typeof fileShape>): FileFacts {
  if (!lfs) return { size, stamp: oid, hash: { kind: "git", hex: oid } };
  return { size: lfs.size, stamp: lfs.oid, hash: { kind: "sha256", hex: lfs.oid } };
}

const endless = ({ hub, id }: HubModel) =>
  new Error(
    `${place(hub)} lists more than ${bounds.repositoryFiles} files of ${shown(id)}; is it a Hub?`,
  );

/** An answer that has the shape of a Hub's. */
function hubShape<const S extends v.GenericSchema>(
  json: unknown,
  schema: S,
  { url, hub }: { url: string; hub: string },
): v.InferOutput<S> {
  try {
    return checkShape(json, schema, url);
  } catch (cause) {
    const sentence = shown((cause as Error).message, 220);
    throw new Error(`${sentence}; is ${shown(hub)} a Hub?`, { cause });
  }
}

/** One page of the Hub's answer, and where the next one is. */
async function askJson(
  url: string,
  model: HubModel,
  connection: Connection,
): Promise<Outcome<{ json: unknown; next: string | undefined }>> {
  const asked = await ask(url, { cache: "no-cache" }, connection);
  if (!("value" in asked)) return asked;
  const answer = asked.value;
  if (answer.status !== 200) {
    answer.cancel();
    throw refusal(model, answer.status);
  }
  try {
    const json = parseJson(await answer.bytes(), url, { bytes: bounds.smallAnswer });
    return { value: { json, next: nextPage(answer, url) } };
  } catch (cause) {
    connection.signal.throwIfAborted();
    if (cause instanceof Overlong) throw cause;
    return {
      again: new Error(`${place(url)} gave no answer that can be read; try again later`, { cause }),
    };
  }
}

/** The Link header's address, on the host that was asked: a mirror may pass on the Hub's own. */
function nextPage(answer: Answer, url: string): string | undefined {
  const link = /<([^>]+)>;\s*rel="next"/.exec(answer.headers.get("link") ?? "")?.[1];
  if (link === undefined) return undefined;
  const { pathname, search } = new URL(link, url);
  return new URL(pathname + search, url).href;
}

function refusal({ hub, id, revision }: HubModel, status: number): Error {
  if (status === 401 || status === 403) {
    const hint = `${shown(hub)} answers so for a private model and for a misspelt name`;
    return new Error(`${shown(id)} may not be read (status ${status}); ${hint}`);
  }
  if (status === 404) {
    return new Error(
      `${shown(hub)} has no ${shown(id)} with a revision ${shown(revision)} (status 404); check both`,
    );
  }
  return new Error(
    `${shown(hub)} does not list the files of ${shown(id)} (status ${status}); try again later`,
  );
}
