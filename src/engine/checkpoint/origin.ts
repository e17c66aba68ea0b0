import type { ModelIdentity } from "../../data/identity/ModelIdentity.ts";
import { MANIFEST, parseManifest } from "../files/manifest.ts";
import type { ModelFiles } from "../files/ModelFiles.ts";

/** Where a model comes from, as far as its files tell. */
export type Origin = Pick<ModelIdentity, "address" | "convertedFrom">;

/** The address of a model's files, and the stamp of what they were converted from, where there is a manifest. */
export async function originOf(files: ModelFiles): Promise<Origin> {
  return {
    address: files.address === undefined ? undefined : plainAddress(files.address),
    convertedFrom: await sourceStamp(files),
  };
}

/** What a manifest cannot say is no reason not to load the model. One file of weights is no conversion, and is not asked. */
async function sourceStamp(files: ModelFiles): Promise<string | undefined> {
  if (await files.has("model.safetensors").catch(() => false)) return undefined;
  if (!(await files.has(MANIFEST).catch(() => false))) return undefined;
  try {
    return parseManifest(await files.read(MANIFEST)).source.stamp;
  } catch {
    return undefined;
  }
}

/** An address without what may be secret in it. */
function plainAddress(address: string): string {
  const url = new URL(address, globalThis.location?.href);
  return `${url.origin}${url.pathname}`;
}
