import type { ModelFact } from "../../data/facts/modelFacts.ts";
import type { Model } from "../../engine/Model.ts";
import type { ModelFiles } from "../../engine/files/ModelFiles.ts";
import type { Precision } from "../../engine/checkpoint/precision.ts";
import { continued, promptNll, searchLosses, stateNorm, tensorNorm } from "./modelMeasures.ts";

/** What {@link verifyFact} found. */
export interface Verified {
  fact: ModelFact;
  /** The fact in words, its ids decoded by the model's tokenizer. */
  about: string;
  expected: string;
  found: string;
  /** What may differ, at the model's precision. */
  tolerance: string;
  /** "absent" where the model's files lack what the fact is about. */
  status: "pass" | "fail" | "absent";
  /** What was measured, as numbers; absent where nothing was. */
  value?: number | number[] | string;
}

/** A model, and the files it came from. */
interface Opened {
  model: Model;
  files: ModelFiles;
}

type Tolerances = Record<Precision, number>;

/** Nats that a log probability may be off. */
const nats: Tolerances = { f32: 0.01, f16: 0.03, q8: 0.15, q4: 1 };
/** Nats that any loss of a search may be off: each step builds on those before. */
const searchNats: Tolerances = { f32: 0.05, f16: 0.1, q8: 0.5, q4: 2 };
const relativeState: Tolerances = { f32: 1e-3, f16: 5e-3, q8: 0.02, q4: 0.1 };
const relativeTensor: Tolerances = { f32: 1e-5, f16: 1e-3, q8: 5e-3, q4: 0.02 };
/** The part of the new tokens, from the first on, that must be the published ones. */
const sameTokens: Tolerances = { f32: 1, f16: 1, q8: 0.5, q4: 0.1 };

/**
 * Checks one fact on the model as it is.
 *
 * Tolerances are wider where the weights are stored in fewer bits. A fact's own tolerance holds at f32.
 *
 * @throws when the fact asks for a layer, a length or a tensor that the model does not have
 */
export async function verifyFact(opened: Opened, fact: ModelFact): Promise<Verified> {
  const { model } = opened;
  const about = describe(model, fact);
  switch (fact.kind) {
    case "continuation":
      return { fact, about, ...(await verifyContinuation(opened, fact)) };
    case "probability": {
      const nll = await promptNll(model, fact);
      const value = nll.reduce((sum, x) => sum + Math.exp(-x), 0) / nll.length;
      const logs = [Math.log(value), Math.log(fact.expected)];
      return { fact, about, ...judged(opened, fact, { value, compare: logs, limits: nats }) };
    }
    case "nll": {
      const nll = await promptNll(model, fact);
      const value = nll.reduce((sum, x) => sum + x, 0) / nll.length;
      const compare = [value, fact.expected];
      return { fact, about, ...judged(opened, fact, { value, compare, limits: nats }) };
    }
    case "stateNorm":
    case "tensorNorm": {
      const isState = fact.kind === "stateNorm";
      const value = isState
        ? await stateNorm(model, fact)
        : await tensorNorm(model, opened.files, fact);
      const compare = [value / fact.expected, 1];
      const limits = isState ? relativeState : relativeTensor;
      return { fact, about, ...judged(opened, fact, { value, compare, limits, relative: true }) };
    }
    case "search":
      return { fact, about, ...(await verifySearch(opened, fact)) };
    case "tokens": {
      const value = model.tokenizer.encode(fact.text);
      return { fact, about, ...exact(fact.expected.join(" "), value.join(" ")), value };
    }
    case "sha256":
      return { fact, about, ...(await verifyHash(opened, fact)) };
  }
}

/** A fact's own tolerance holds at f32. */
const limitOf = ({ precision }: Model, fact: ModelFact, limits: Tolerances): number =>
  precision === "f32" ? (fact.tolerance ?? limits.f32) : limits[precision];

type Judged = Omit<Verified, "fact" | "about">;
type Of<Kind extends ModelFact["kind"]> = Extract<ModelFact, { kind: Kind }>;

function judged(
  { model }: Opened,
  fact: ModelFact & { expected: number },
  how: { value: number; compare: number[]; limits: Tolerances; relative?: boolean },
): Judged {
  const { value, compare, limits, relative } = how;
  const limit = limitOf(model, fact, limits);
  const difference = Math.abs(compare[0] - compare[1]);
  return {
    expected: number(fact.expected),
    found: number(value),
    value,
    tolerance: relative ? `${number(100 * limit)} %` : `${limit} nats`,
    status: difference <= limit ? "pass" : "fail", // NaN fails
  };
}

async function verifyContinuation({ model }: Opened, fact: Of<"continuation">): Promise<Judged> {
  const { prompt, expected } = fact;
  const value = await continued(model, fact);
  const differing = value.findIndex((id, i) => id !== expected[i]);
  const agreeing = (differing < 0 ? value.length : differing) - prompt.length;
  const wanted = Math.ceil(sameTokens[model.precision] * (expected.length - prompt.length));
  const text = (ids: number[]) => JSON.stringify(model.tokenizer.decode(ids.slice(prompt.length)));
  return {
    expected: text(expected),
    found: text(value),
    value,
    tolerance: `the first ${wanted} of ${expected.length - prompt.length} tokens (${agreeing} agree)`,
    status: agreeing >= wanted ? "pass" : "fail",
  };
}

async function verifySearch({ model }: Opened, fact: Of<"search">): Promise<Judged> {
  const value = await searchLosses(model, fact);
  const limit = limitOf(model, fact, searchNats);
  const close = fact.expected.every((loss, i) => Math.abs(value[i] - loss) <= limit);
  const text = (losses: number[]) => losses.map((loss) => loss.toFixed(3)).join(" ");
  return {
    expected: text(fact.expected),
    found: text(value),
    value,
    tolerance: `${limit} nats`,
    status: close ? "pass" : "fail",
  };
}

async function verifyHash(
  { files }: Opened,
  { files: paths, expected }: Of<"sha256">,
): Promise<Judged> {
  for (const path of paths) {
    if (!(await files.has(path))) continue;
    const bytes = await files.read(path);
    const digest = await crypto.subtle.digest("SHA-256", Uint8Array.from(bytes));
    const value = Array.from(new Uint8Array(digest), hex).join("");
    return { ...exact(expected, value), value };
  }
  return { ...exact(expected, "no such file"), status: "absent" };
}

const hex = (byte: number) => byte.toString(16).padStart(2, "0");

const exact = (expected: string, found: string): Judged => ({
  expected,
  found,
  tolerance: "none",
  status: expected === found ? "pass" : "fail",
});

/** Seven digits, as many as float32 has. */
const number = (value: number): string => String(Number(value.toPrecision(7)));

function describe({ tokenizer }: Model, fact: ModelFact): string {
  const text = (ids: number[]) => JSON.stringify(tokenizer.decode(ids));
  const under = (prompts: number[][]) =>
    prompts.length > 1 ? `, mean of ${prompts.length} contexts` : "";
  switch (fact.kind) {
    case "continuation":
      return `greedy text after ${text(fact.prompt)}`;
    case "probability":
      return `p(${text(fact.target)}) after ${text(fact.prompts[0])}${under(fact.prompts)}`;
    case "nll":
      return `mean NLL of ${text(fact.target)} after ${text(fact.prompts[0])}${under(fact.prompts)}`;
    case "stateNorm":
      return `‖${fact.site}‖ of layer ${fact.layer} at the end of ${text(fact.tokens)}`;
    case "tensorNorm":
      return `‖${fact.tensor}‖`;
    case "search":
      return `losses of the search for v* at layer ${fact.layer}: ${text(fact.target)} after ${text(fact.prompts[0])}${under(fact.prompts)}`;
    case "tokens":
      return `ids of ${JSON.stringify(fact.text)}`;
    case "sha256":
      return `SHA-256 of ${fact.files.join(" or ")}`;
  }
}
