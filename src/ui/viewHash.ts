import type { Precision } from "../../workers/protocol/protocol.ts";

/** What a link carries: enough to see the same trace and to repeat the same rewrite. */
export interface View {
  model: string;
  /** How its matrices are kept; absent for float32, or as its files have it. */
  precision: Precision;
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
  kinds: string;
  replace: string;
  many: string;
  trace: Record<string, string>;
  rome: Record<string, string>;
}

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
  "kinds",
  "replace",
  "many",
] as const satisfies (keyof View)[];

const precisions: Precision[] = ["f32", "f16", "q8", "q4"];

/** The part of an address after `#`; what is empty is left out. */
export function encodeView(view: Partial<View>): string {
  const query = new URLSearchParams();
  for (const key of plain) if (view[key]) query.set(key, view[key]);
  if (view.precision) query.set("precision", view.precision);
  for (const group of ["trace", "rome"] as const)
    for (const [key, value] of Object.entries(view[group] ?? {}))
      query.set(`${group}.${key}`, value);
  return query.toString();
}

/** The view in an address; anything unknown in it is ignored. */
export function decodeView(hash: string): Partial<View> {
  const query = new URLSearchParams(hash.replace(/^#/, ""));
  const view: Partial<View> = {};
  for (const key of plain) {
    const value = query.get(key);
    if (value !== null) view[key] = value;
  }
  const precision = precisions.find((known) => known === query.get("precision"));
  if (precision) view.precision = precision;
  for (const [key, value] of query) {
    const [group, field] = key.split(".");
    if (field && (group === "trace" || group === "rome")) (view[group] ??= {})[field] = value;
  }
  return view;
}
