/* eslint-disable @typescript-eslint/require-await -- it stands for calls across a thread, which are promises */
import { editorViews } from "../../../src/methods/edit/editorViews.ts";
import { editors } from "../../../src/methods/edit/editors.ts";
import { tracePreset } from "../../../src/methods/trace/tracePreset.ts";
import type { Connection, RemoteLab } from "../../../workers/connect.ts";
import type {
  JobView,
  LoadProgress,
  ModelConfig,
  ModelOrder,
  ModelView,
  RunContext,
  TabChange,
} from "../../../workers/protocol/protocol.ts";
import type { RunAbout } from "../../../src/data/run/runAbout.ts";
import { facts } from "./facts.ts";
import { FakeAsking } from "./FakeAsking.ts";
import { FakeEarlier } from "./FakeEarlier.ts";
import { FakeEdits } from "./FakeEdits.ts";
import type { FakeCall } from "./FakeHost.ts";
import { FakeEditing } from "./FakeEditing.ts";
import { FakeExport } from "./FakeExport.ts";
import { FakeModels } from "./FakeModels.ts";
import { fakeRuns } from "./fakeRuns.ts";
import { FakeScoring } from "./FakeScoring.ts";
import { FakeStatistics } from "./FakeStatistics.ts";
import { FakeStudying } from "./FakeStudying.ts";
import { FakeTables } from "./FakeTables.ts";
import { FakeTracing, layers } from "./FakeTracing.ts";

const words = (text: string) => text.match(/\s*\S+/g) ?? [];

/** How a fake Lab differs from the one that simply works. */
export interface FakeOptions {
  /** Milliseconds between two reports, so that a run can be watched. */
  delay?: number;
  /** A sentence that the named method fails with. */
  fail?: Partial<Record<FakeCall, string>>;
  /** Why edits are not kept. */
  unkept?: string;
  notice?: string;
  keyRatio?: number;
}

/** The config of the fake model, by any name. */
export const fakeConfig = (name: string): ModelConfig => ({
  architecture: "gpt2",
  name,
  revision: "main",
  layers,
  dModel: 256,
  dMlp: 1024,
  heads: 8,
  vocab: 8192,
  positions: 128,
  layerNormEpsilon: 1e-5,
  rotaryDim: 0,
  tied: true,
});

/** A Lab that answers from arithmetic instead of a model: the same every time, and at once. */
export class FakeLab implements RemoteLab {
  readonly statistics = new FakeStatistics();
  readonly models = new FakeModels();
  readonly tables = new FakeTables();
  readonly studying = new FakeStudying();
  readonly edits = new FakeEdits();
  readonly runs = fakeRuns();
  readonly export = new FakeExport();
  readonly earlier = new FakeEarlier();
  readonly editing: FakeEditing;
  readonly scoring: FakeScoring;
  readonly tracing: FakeTracing;
  readonly asking: FakeAsking;
  calls: string[] = [];
  /** Of the last load. */
  precision = "";
  /** The device that was asked for last. */
  preference: string | undefined;
  #options: FakeOptions;
  #cancelled = new Set<number>();
  #identity = { stamp: "", precision: "f32", id: "", revision: "main" };

  constructor(options: FakeOptions = {}) {
    this.#options = options;
    const host = {
      edits: this.edits,
      enter: (method: FakeCall) => this.#enter(method),
      pause: (id: number) => this.#pause(id),
      keyRatio: options.keyRatio ?? 0.94,
      context: (about: RunAbout): RunContext => ({
        ...about,
        model: this.#identity,
        edits: this.edits.active.map(({ id, digest }) => ({ id, digest, title: id, strength: 1 })),
        version: "0.1.0",
        begun: "2026-11-21T10:00:00.000Z",
      }),
    };
    this.tracing = new FakeTracing(host, (...asked) => this.tokenize(...asked));
    this.editing = new FakeEditing(host);
    this.scoring = new FakeScoring(host);
    this.asking = new FakeAsking(host);
    this.edits.trouble = options.unkept ?? null;
  }

  async started() {}

  lost(): Promise<string> {
    return new Promise(() => undefined);
  }

  async open(_id: number, _base: string, preference?: string) {
    this.#enter("open");
    this.preference = preference;
    return {
      provider: "wasm" as const,
      description: "WebAssembly, 2 threads",
      notice: this.#options.notice ?? "WebGPU is only emulated in software here (SwiftShader)",
    };
  }

  async facts() {
    this.#enter("facts");
    return facts;
  }

  async load(
    id: number,
    { source, precision = "f32" }: ModelOrder,
    report: (progress: LoadProgress) => void,
  ): Promise<ModelView> {
    this.#enter("load");
    this.precision = precision;
    const total = source.kind === "demo" ? 16.8e6 : 6.43e9;
    for (let i = 1; i <= 8; i++) {
      await this.#pause(id);
      const done = (i * total) / 8;
      report({ stage: "downloading", done, total, bytesPerSecond: 45e6, secondsLeft: 120 });
    }
    const name =
      source.kind === "demo" ? "demo" : source.kind === "address" ? source.address : source.name;
    const config = fakeConfig(name);
    this.#identity = { stamp: name, precision, id: name, revision: "main" };
    return {
      config,
      identity: this.#identity,
      family: "GPT-2",
      toy: source.kind === "demo",
      precision,
      bytes: 30e6,
      offline: false,
      editors: editorViews(config),
      tracing: tracePreset(config),
      statistics: [{ layer: 0, source: "shipped with the model", count: 250_000 }],
    };
  }

  async tokenize(prompt: string, subject?: string, occurrence = 0) {
    this.#enter("tokenize");
    const texts = words(prompt);
    let at = -1;
    for (let i = 0; i <= occurrence && subject; i++) at = prompt.indexOf(subject, at + 1);
    const range = at < 0 || !subject ? undefined : tokenRange(texts, at, at + subject.length);
    return { ids: texts.map((text) => hash(text) % 8192), texts, subject: range };
  }

  async predict(_id: number, prompt: string, top: number) {
    this.#enter("predict");
    const names = [
      " Seattle",
      " Portland",
      " Washington",
      " Paris",
      " Vancouver",
      " Chicago",
      " London",
      " Tacoma",
      " Boston",
      " Denver",
    ];
    const share = (name: string, i: number, edited: boolean) =>
      edited ? (name === " Paris" ? 0.93 : 0.04 / (i + 1)) : 0.82 * 0.28 ** i;
    const list = (edited: boolean) =>
      names
        .map((token, i) => ({
          id: hash(token) % 8192,
          token,
          probability: share(token, i, edited),
        }))
        .sort((a, b) => b.probability - a.probability)
        .slice(0, top);
    return {
      prompt,
      before: list(false),
      after: this.edits.active.length ? list(true) : undefined,
    };
  }

  async wholeAnswer(_id: number, prompt: string) {
    this.#enter("wholeAnswer");
    return prompt.trim() ? "Seattle" : "";
  }

  async editorNames() {
    return editors.map(({ name }) => name);
  }

  /** Tells the page of another tab. */
  tell: (change: TabChange) => void = () => undefined;

  async follow(report: (change: TabChange) => void) {
    this.tell = report;
  }

  async cancel(id: number) {
    this.calls.push("cancel");
    this.#cancelled.add(id);
  }

  async pause(id: number, held: boolean) {
    this.calls.push(`${held ? "pause" : "go on"} ${id}`);
  }

  /** Tells of jobs, as the worker's queue does. */
  tellJobs: (jobs: JobView[]) => void = () => undefined;

  async followJobs(report: (jobs: JobView[]) => void) {
    this.tellJobs = report;
  }

  #enter(method: FakeCall) {
    this.calls.push(method);
    const sentence = this.#options.fail?.[method];
    if (sentence) throw new Error(sentence);
  }

  async #pause(id: number) {
    await new Promise((resolve) => setTimeout(resolve, this.#options.delay ?? 0));
    if (this.#cancelled.has(id)) throw new DOMException("cancelled", "AbortError");
  }
}

/** A connection to a fake Lab, and a way to let its worker die. */
export function fakeConnection(lab: FakeLab): Connection & { die(reason: string): void } {
  let die!: (reason: string) => void;
  const died = new Promise<string>((resolve) => (die = resolve));
  return { lab, died, die, callback: (call) => call, end: () => undefined };
}

const hash = (text: string) => [...text].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) >>> 0, 7);

function tokenRange(texts: string[], begin: number, end: number): [number, number] {
  let length = 0;
  const ends = texts.map((text) => (length += text.length));
  return [ends.findIndex((e) => e > begin), 1 + ends.findIndex((e) => e >= end)];
}
