import type { Delta } from "../../data/delta/delta.ts";
import { deltaDigest } from "../../data/delta/digest.ts";
import { requestsOf, type WrittenFact } from "../../data/delta/provenance.ts";
import { bounds } from "../../data/outside/bounds.ts";
import type { RunEdit } from "../../data/run/RunContext.ts";
import { editors } from "./editors.ts";

/** What a method is called, where it is an editor of ours: "xyz in sequence" after its title too. */
export function methodTitle(method: string): string {
  const [name, ...rest] = method.split(" ");
  const editor = editors.find((known) => known.name === name);
  return editor ? [editor.title, ...rest].join(" ") : method;
}

/**
 * An edit as the context of a run has it.
 *
 * @param id what it is called by where the run runs
 * @throws as deltaDigest
 */
export async function runEdit(id: string, delta: Delta, strength = 1): Promise<RunEdit> {
  const [first, ...others] = requestsOf(delta);
  const fact = first as WrittenFact | undefined;
  const what = fact ? `: ${fact.subject}, ${fact.target.trim()}` : "";
  const more = others.length ? ` and ${others.length} more` : "";
  const title = `${methodTitle(delta.provenance.method)}${what}${more}`.slice(0, bounds.name);
  return { id, title, digest: await deltaDigest(delta), strength };
}
