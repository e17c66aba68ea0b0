import { type Answer, ask, type Connection, type Outcome, patiently } from "./download/Answer.ts";
import type { FileFacts } from "./ModelRecord.ts";

/** A model of the Hub. */
export interface HubModel {
  /** The Hub's address. */
  hub: string;
  id: string;
  /** A branch, a tag, refs/pr/40 or a commit. */
  revision: string;
}

interface TreeEntry {
  type: string;
  path: string;
  size: number;
  /** Git's name of the file's bytes, or of the pointer to them. */
  oid: string;
  /** `oid` is the SHA-256 of the bytes. */
  lfs?: { oid: string; size: number };
}

/** Where a file of a commit is. */
export const hubFile = ({ hub, id }: HubModel, commit: string, path: string): string =>
  `${hub}/${id}/resolve/${commit}/${path.split("/").map(encodeURIComponent).join("/")}`;

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
  const url = `${hub}/api/models/${id}/revision/${encodeURIComponent(revision)}`;
  const asked = await patiently(() => askJson(url, model, connection), connection, tries);
  if (!("value" in asked)) return asked;
  const { sha } = asked.value.json as { sha?: unknown };
  if (typeof sha === "string" && /^[0-9a-f]{40}$/.test(sha)) return { value: sha };
  throw new Error(`${url} does not name a commit; is ${hub} a Hub?`);
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
  const files = new Map<string, FileFacts>();
  let url: string | undefined = `${model.hub}/api/models/${model.id}/tree/${commit}?recursive=true`;
  while (url) {
    const page: string = url;
    const asked = await patiently(() => askJson(page, model, connection), connection);
    if (!("value" in asked)) return asked;
    const { json, next } = asked.value;
    if (!Array.isArray(json))
      throw new Error(`${page} is no list of files; is ${model.hub} a Hub?`);
    for (const entry of json as TreeEntry[]) {
      if (entry.type === "file") files.set(entry.path, factsOf(entry));
    }
    url = next;
  }
  return { value: files };
}

function factsOf({ size, oid, lfs }: TreeEntry): FileFacts {
  if (!lfs) return { size, stamp: oid, hash: { kind: "git", hex: oid } };
  return { size: lfs.size, stamp: lfs.oid, hash: { kind: "sha256", hex: lfs.oid } };
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
    const json: unknown = JSON.parse(new TextDecoder().decode(await answer.bytes()));
    return { value: { json, next: nextPage(answer, url) } };
  } catch (cause) {
    connection.signal.throwIfAborted();
    return {
      again: new Error(`${url} gave no answer that can be read; try again later`, { cause }),
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
    const hint = `${hub} answers so for a private model and for a misspelt name`;
    return new Error(`${id} may not be read (status ${status}); ${hint}`);
  }
  if (status === 404) {
    return new Error(`${hub} has no ${id} with a revision ${revision} (status 404); check both`);
  }
  return new Error(`${hub} does not list the files of ${id} (status ${status}); try again later`);
}
