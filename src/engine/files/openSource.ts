import { shown } from "../../data/outside/shown.ts";
import { blobFiles, type ModelFiles, urlFiles } from "./ModelFiles.ts";
import { HUB, modelSource } from "./ModelSource.ts";
import type { OpenOptions } from "./openFiles.ts";

/** Where a model comes from: the one that is built in, a Hub id or address, or a folder of this computer. */
export type ChosenModel =
  | { kind: "demo" }
  | { kind: "address"; address: string; revision?: string | undefined }
  | { kind: "folder"; name: string; files: { path: string; file: File }[] };

/** Which model is meant. */
export interface ModelRequest {
  source: ChosenModel;
  /** The Hub's address, where it is a mirror. */
  hub?: string | undefined;
}

/** Files that may say that their server did not answer. */
export type SourceFiles = ModelFiles & { offline?: boolean };

/**
 * The files of what a reader names, in the page or in the terminal.
 *
 * @param base where the page's own files lie, and what an address there may be relative to
 * @throws a sentence: an id or address of no form, no such model, nobody there and nothing kept
 */
export async function openSource(
  { source, hub }: ModelRequest,
  base: string | undefined,
  options: OpenOptions,
): Promise<SourceFiles> {
  if (source.kind === "demo") return urlFiles(`${base ?? ""}models/demo`, { name: "demo" });
  if (source.kind === "folder") {
    return blobFiles(new Map(source.files.map(({ path, file }) => [path, file])), source.name);
  }
  const place = placeOf(source, hub);
  const found = "address" in place ? { address: new URL(place.address, base).href } : place;
  // The model that comes with the page needs none of it.
  const { openFiles } = await import("./openFiles.ts");
  return openFiles(found, { ...options, hub });
}

/**
 * Where a model would be fetched from, before anything is asked there: its address, or its page on the Hub or a mirror.
 *
 * @throws a sentence: an id or address of no form
 */
export function sourceUrl(
  source: { address: string; revision?: string | undefined },
  { hub = HUB, base }: { hub?: string | undefined; base: string },
): URL {
  const place = placeOf(source, hub);
  try {
    if ("address" in place) return new URL(place.address, base);
    const path = place.revision ? `${place.id}/tree/${place.revision}` : place.id;
    return new URL(`${hub}/${path}`, base);
  } catch {
    throw new Error(`invalid address: ${shown("address" in place ? place.address : hub, 100)}`);
  }
}

/** A revision that was given beside the id is meant even where the id has one. */
function placeOf(
  { address, revision }: { address: string; revision?: string | undefined },
  hub?: string,
) {
  const place = modelSource(address, hub);
  return "id" in place && revision ? { ...place, revision } : place;
}

/** A model as sentences name it. */
export const nameOf = (source: ChosenModel): string =>
  source.kind === "demo"
    ? "the built-in model"
    : source.kind === "folder"
      ? source.name
      : source.address;
