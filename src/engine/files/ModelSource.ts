import { decoded } from "../../data/outside/decoded.ts";
import { shown } from "../../data/outside/shown.ts";

/** Where a model is read from: the Hugging Face Hub, or any address of the same layout. */
export type ModelSource = { id: string; revision?: string | undefined } | { address: string };

/** Where the Hub is. */
export const HUB = "https://huggingface.co";

const NAME = /^\w[\w.-]*(\/\w[\w.-]*)?$/;

/**
 * What a reader typed: `openai-community/gpt2-xl`, `org/name@revision`, a model's page or `resolve` address on the Hub,
 * or an address elsewhere.
 *
 * @param hub the Hub's address, where it is a mirror
 * @throws `invalid model: …` for what is none of them
 */
export function modelSource(text: string, hub: string = HUB): ModelSource {
  const typed = text.trim();
  if (/^(https?:)?\//.test(typed)) return hubSource(typed, hub) ?? { address: typed };
  const [, id, revision] = /^([^@]*)(?:@(.+))?$/.exec(typed) ?? [];
  checkId(id);
  return { id, revision };
}

/** @throws `invalid model: …` for what is no Hub id */
export function checkId(id: string): void {
  if (NAME.test(id)) return;
  throw new Error(`invalid model: ${shown(id, 100)} (a Hub id looks like openai-community/gpt2)`);
}

/** The Hub's model whose page or files an address is. */
function hubSource(address: string, hub: string): ModelSource | undefined {
  const home = [hub, HUB].find((base) => address.startsWith(`${base}/`));
  if (!home) return undefined;
  const path = address.slice(home.length + 1).replace(/\/+$/, "");
  const found = /^([\w.-]+(?:\/[\w.-]+)?)(?:\/(?:tree|resolve)\/(.+))?$/.exec(path);
  if (!found) return undefined;
  const [, id, revision] = found;
  return { id, revision: revision && decoded(revision) };
}
