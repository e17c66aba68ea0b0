import { bounds } from "../outside/bounds.ts";
import { shown } from "../outside/shown.ts";

/** An edit that a link stands on. */
export interface LinkedEdit {
  /** Of its changes (deltaDigest). */
  digest: string;
  /** What its ΔW is multiplied by; absent where it is whole. */
  strength?: number | undefined;
  /** What its file is called. */
  file: string;
  /** The edit itself (packDelta); absent where it is a file beside the link. */
  packed?: string | undefined;
}

/** `digest*strength:file:packed`, one after the other. */
export const linkedEditsText = (edits: readonly LinkedEdit[]): string =>
  edits
    .map(({ digest, strength = 1, file, packed }) => {
      const at = strength === 1 ? digest : `${digest}*${strength}`;
      return [at, file, ...(packed ? [packed] : [])].join(":");
    })
    .join(",");

const ENTRY =
  /^([0-9a-f]{64})(?:\*(-?\d{1,6}(?:\.\d{1,18})?))?:([\p{L}\p{N}.-]{1,120})(?::([\w-]+))?$/u;

/**
 * The edits of a link, each once.
 *
 * @throws one sentence where the text is none, or names more than a link may
 */
export function readLinkedEdits(text: string): LinkedEdit[] {
  if (text === "") return [];
  if (text.length > bounds.link) {
    throw new Error(
      `the edits of the link are refused: they have ${text.length} characters, at most ${bounds.link} are read`,
    );
  }
  const found = new Map<string, LinkedEdit>();
  for (const entry of text.split(",")) {
    const [, digest, strength, file, packed] = ENTRY.exec(entry) ?? [];
    if (!digest)
      throw new Error(`the edits of the link are damaged at ${shown(entry, 40)}; copy it whole`);
    found.set(digest, { digest, strength: strength ? Number(strength) : undefined, file, packed });
  }
  return [...found.values()];
}
