import { shown } from "../outside/shown.ts";

/**
 * What tells one model from every other: its contents, whatever its folder or address is called. Edits, statistics, found
 * states and rows are kept under it, and files that are made of it carry it.
 */
export interface ModelIdentity {
  /** SHA-256 over config, tokenizer and sampled numbers of every tensor, 64 hexadecimal digits (stampOf). */
  stamp: string;
  /** How its matrices are kept: "f32", "f16", "q8" or "q4". */
  precision: string;
  /** Hub id, or the name of a folder. */
  id: string;
  /** The commit it came from, or what stands for one. */
  revision: string;
  /** Where it was read from, where that is an address: without names, keys and questions. */
  address?: string | undefined;
  /** Stamp of the model that it was converted from, as its folder says. */
  convertedFrom?: string | undefined;
}

/** What is known of the model that a file was made with; a file of others, or of before there were stamps, has none. */
export interface StatedIdentity {
  id: string;
  revision?: string | undefined;
  stamp?: string | undefined;
  precision?: string | undefined;
}

/** A stamp as sentences show it. */
const shortStamp = (stamp: string): string => stamp.slice(0, 8);

/**
 * How the model that a change of weights was made with differs from the one that is open, as a part of a sentence;
 * undefined where it does not, or where the file does not say. A conversion is the model that it was made from.
 */
export function otherModel(made: StatedIdentity, open: ModelIdentity): string | undefined {
  const { stamp } = made;
  if (stamp === undefined || stamp === open.stamp || stamp === open.convertedFrom) return undefined;
  return `it was made with ${named(made)} of other contents (stamp ${shortStamp(stamp)}) than the open ${named(open)} (${shortStamp(open.stamp)})`;
}

/**
 * As {@link otherModel} for what holds of one precision only, as a covariance: that of a model of 4 bits is another than
 * that of the model it was made from.
 */
export function otherNumbers(made: StatedIdentity, open: ModelIdentity): string | undefined {
  if (made.stamp === undefined) return undefined;
  if (made.stamp !== open.stamp && made.stamp !== open.convertedFrom) return otherModel(made, open);
  if (made.precision === undefined || made.precision === open.precision) return undefined;
  return `it is of ${clipped(made.id)} in ${clipped(made.precision)}, and the open model is in ${open.precision}`;
}

const named = ({ id, revision }: { id: string; revision?: string | undefined }): string =>
  revision === undefined || /^(local|unknown|)$/.test(revision)
    ? clipped(id)
    : `${clipped(id)} (${clipped(revision).slice(0, 12)})`;

const clipped = (text: string) => shown(text, 40);
