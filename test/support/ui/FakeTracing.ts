import type { RemoteLab } from "../../../workers/connect.ts";
import type {
  TokensView,
  Trace,
  TraceEvent,
  TraceKind,
  TraceOrder,
  TraceRun,
} from "../../../workers/protocol/protocol.ts";
import type { FakeHost } from "./FakeHost.ts";

type RemoteTracing = RemoteLab["tracing"];
type Tokenize = (prompt: string, subject?: string) => Promise<TokensView>;

/** Of the fake model. */
export const layers = 8;

/** Traces by arithmetic: an early site at the last subject token, and a late one at the last token. */
export class FakeTracing implements RemoteTracing {
  /** What was asked for last. */
  order: TraceOrder | undefined;
  #host: FakeHost;
  #tokenize: Tokenize;

  constructor(host: FakeHost, tokenize: Tokenize) {
    this.#host = host;
    this.#tokenize = tokenize;
  }

  async run(id: number, order: TraceOrder, report: (event: TraceEvent) => void): Promise<TraceRun> {
    this.#host.enter("trace");
    this.order = order;
    const { prompt, subject, target, seed, kinds, ...settings } = order;
    const fact = { prompt, subject, ...(target === undefined ? {} : { answer: target }) };
    const sigma = { value: 0.07, set: "the 4 subjects of the example facts", subjects: 4 };
    const about = { kind: "trace", fact, settings: { kinds, ...settings }, seed, sigma } as const;
    const context = this.#host.context(about);
    report({ type: "run", context });
    const traces: Trace[] = [];
    for (const kind of kinds) traces.push(await this.#trace(id, { ...order, kind }, report));
    return { context, traces };
  }

  async #trace(
    id: number,
    order: TraceOrder & { kind: TraceKind },
    report: (event: TraceEvent) => void,
  ): Promise<Trace> {
    const { kind, window, subject, target } = order;
    const prompt = order.prompt.replace("{}", subject);
    const { ids, texts, subject: found } = await this.#tokenize(prompt, subject);
    const subjectRange = found ?? [0, 1];
    const start = {
      kind,
      window,
      tokens: texts,
      spellings: texts,
      tokenIds: ids,
      subjectRange,
      answer: target ?? " Seattle",
      layers,
      highScore: 0.82,
      lowScore: 0.07,
    };
    report({ type: "start", start });
    const scores = new Float32Array(texts.length * layers);
    for (let token = 0; token < texts.length; token++) {
      await this.#host.pause(id);
      const row = Float32Array.from({ length: layers }, (_, layer) =>
        score(kind, { token, layer }, texts.length, subjectRange),
      );
      scores.set(row, token * layers);
      report({ type: "row", kind, token, row });
    }
    const answerIds = (target ?? "Seattle")
      .trim()
      .split(" ")
      .map((_, i) => i + 1);
    const more = { scores, answerIds, noiseLevel: 0.21, correctPrediction: true };
    const trace: Trace = { ...start, ...more, blockTokens: 1234 };
    report({ type: "done", trace });
    return trace;
  }

  file(trace: Trace) {
    return Promise.resolve(new Uint8Array(trace.scores.length));
  }
}

function score(
  kind: TraceKind,
  { token, layer }: { token: number; layer: number },
  tokens: number,
  [, end]: [number, number],
) {
  const bump = (at: number, width: number) => Math.exp(-(((layer - at) / width) ** 2));
  const early = token === end - 1 ? (kind === "attn" ? 0.05 : 0.5) * bump(1, 2) : 0;
  const late =
    token === tokens - 1 ? (kind === "mlp" ? 0.12 : 0.7) * bump(kind === "state" ? 7 : 5, 2.4) : 0;
  return 0.07 + early + late + 0.015 * Math.abs(Math.sin(token * 7 + layer * 3));
}
