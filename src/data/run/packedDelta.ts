import { deflateSync } from "fflate";
import { Inflater } from "../archive/inflate.ts";
import { type Delta, isLowRank } from "../delta/delta.ts";
import { readDelta, writeDelta } from "../delta/deltaFile.ts";
import { bounds } from "../outside/bounds.ts";

const WHAT = "the edit in the link";

/**
 * An edit as text for a link: its file, deflated, in base64url.
 *
 * @returns undefined where it is more than one direction of a weight, or longer than a link should be: it is a file then
 */
export function packDelta(delta: Delta): string | undefined {
  if (!delta.weights.every(({ change }) => isLowRank(change) && change.rank === 1))
    return undefined;
  const bytes = writeDelta(delta);
  if (bytes.length > bounds.linkedEdit) return undefined;
  const packed = deflateSync(bytes, { level: 9 });
  let binary = "";
  for (const byte of packed) binary += String.fromCharCode(byte);
  const text = btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  return text.length > bounds.linkedEdit ? undefined : text;
}

/**
 * The edit that {@link packDelta} packed.
 *
 * @throws one sentence where it is too long, no such text, unpacks to more than an edit of a link may have, or as readDelta
 */
export function unpackDelta(text: string): Delta {
  if (text.length > bounds.linkedEdit) {
    throw new Error(
      `${WHAT} is refused: it has ${text.length} characters, at most ${bounds.linkedEdit} are read`,
    );
  }
  if (!/^[\w-]+$/.test(text)) throw damaged();
  const inflater = new Inflater(bounds.linkedEdit, damaged);
  const pieces = [...inflater.push(bytesOf(text))];
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return readDelta(bytes, WHAT);
}

function bytesOf(text: string): Uint8Array {
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch {
    throw damaged();
  }
}

const damaged = () => new Error(`${WHAT} is damaged: the link was cut or changed; copy it whole`);
