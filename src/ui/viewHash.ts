import type { Precision } from "../../workers/protocol/protocol.ts";

/** What a link carries: enough to see the same results, and to repeat them. */
export interface View {
  model: string;
  /** How its matrices are kept; absent for float32, or as its files have it. */
  precision: Precision | undefined;
  /** What it is computed on: "webgpu" or "wasm". */
  device: string;
  /** The Hub's mirror. */
  hub: string;
  fact: string;
  prompt: string;
  subject: string;
  /** Which occurrence of the subject is meant, counted from 0. */
  at: string;
  answer: string;
  target: string;
  truth: string;
  paraphrases: string;
  neighbours: string;
  /** Own context templates, one per line. */
  contexts: string;
  kinds: string;
  replace: string;
  many: string;
  /** The part of a study that is looked at. */
  tab: string;
  /** The name of the editor that facts are written with. */
  method: string;
  /** What the table of facts is called. */
  table: string;
  /** Results by reference: see linkedRuns. */
  runs: string;
  /** The edits that were on: see linkedEdits. */
  edits: string;
  /** What the model's stamp begins with, where results or edits are of it. */
  stamp: string;
  /** Fields of a trace, and of each editor by its name, that differ from the model's preset. */
  trace: Group;
  settings: Partial<Record<string, Group>>;
}

/** A view of which anything may be left to what it is without a link. */
export type PartialView = { [Key in keyof View]?: View[Key] | undefined };

type Group = Partial<Record<string, string>>;

const plain = [
  "model",
  "device",
  "hub",
  "fact",
  "prompt",
  "subject",
  "at",
  "answer",
  "target",
  "truth",
  "paraphrases",
  "neighbours",
  "contexts",
  "kinds",
  "replace",
  "many",
  "tab",
  "method",
  "table",
  "runs",
  "edits",
  "stamp",
] as const satisfies (keyof View)[];

const precisions: Precision[] = ["f32", "f16", "q8", "q4"];

/** What may have been emptied by the reader, and then stays empty. */
const emptied: readonly (keyof View)[] = [
  "prompt",
  "subject",
  "target",
  "truth",
  "paraphrases",
  "neighbours",
];

/** The part of an address after `#`; what is empty is left out, but for what may have been emptied. */
export function encodeView(view: PartialView): string {
  const query = new URLSearchParams();
  for (const key of plain) {
    const value = view[key];
    if (value !== undefined && (value || emptied.includes(key))) query.set(key, value);
  }
  if (view.precision) query.set("precision", view.precision);
  const groups = { trace: view.trace, ...view.settings };
  for (const [group, fields] of Object.entries(groups))
    for (const [key, value] of Object.entries(fields ?? {}))
      if (value !== undefined) query.set(`${group}.${key}`, value);
  return query.toString();
}

/**
 * The view in an address; anything unknown in it is ignored.
 *
 * @param methods the editors' names: fields of others are not known
 */
export function decodeView(hash: string, methods: readonly string[] = []): Partial<View> {
  const query = new URLSearchParams(hash.replace(/^#/, ""));
  const view: Partial<View> = {};
  for (const key of plain) {
    const value = query.get(key);
    if (value !== null) view[key] = value;
  }
  const precision = precisions.find((known) => known === query.get("precision"));
  if (precision) view.precision = precision;
  for (const [key, value] of query) {
    const [, group, field] = /^(\w+)\.([a-z]\w*)$/i.exec(key) ?? [];
    if (!field) continue;
    if (group === "trace") (view.trace ??= {})[field] = value;
    else if (methods.includes(group)) ((view.settings ??= {})[group] ??= {})[field] = value;
  }
  return view;
}
