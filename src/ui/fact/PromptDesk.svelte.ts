import type { RemoteLab } from "../../../workers/connect.ts";
import type { ModelView, PredictionView, TokensView } from "../../../workers/protocol/protocol.ts";
import type { Draft } from "./Draft.svelte.ts";

/** What the session lends. */
export interface PromptHost {
  lab(): Pick<RemoteLab, "tokenize" | "predict" | "wholeAnswer">;
  /** A job of which one is under way at a time; undefined where it failed or was ended. */
  run<T>(stage: string, work: (id: number) => Promise<T>): Promise<T | undefined>;
  /** Ends what is read of the prompt before. */
  end(): void;
  /** Whether a job is still the one that counts. */
  counts(id: number): boolean;
  /** A number for a job beside the others. */
  number(): number;
  model(): ModelView | null;
  draft: Draft;
}

/** What the model makes of the prompt as it stands: its tokens, what it goes on with, and what it answers by itself. */
export class PromptDesk {
  tokens = $state.raw<TokensView | null>(null);
  prediction = $state.raw<PredictionView | null>(null);
  /** The model's own whole answer without edits, and to which prompt. */
  #answer = $state.raw<{ prompt: string; answer: string } | null>(null);
  /** That of the prompt as it is now; empty while it is not known. */
  answer = $derived.by(() =>
    this.#answer?.prompt === this.#host.draft.prompt ? this.#answer.answer : "",
  );
  readonly #host: PromptHost;

  constructor(host: PromptHost) {
    this.#host = host;
  }

  /** Reads the prompt as it stands; called whenever it changes. */
  async read() {
    const { draft } = this.#host;
    const counts = (id: number) => this.#host.counts(id);
    const { prompt, range, subject, occurrence } = draft;
    if (!prompt.trim()) {
      this.#host.end();
      this.tokens = this.prediction = null;
      return;
    }
    if (!this.#host.model()) return;
    await this.#host.run("reading the prompt", async (id) => {
      const lab = this.#host.lab();
      const tokens = await lab.tokenize(prompt, range ? subject : undefined, occurrence);
      if (!counts(id)) return;
      this.tokens = tokens;
      const prediction = await lab.predict(id, prompt, 10);
      if (!counts(id)) return;
      this.prediction = prediction;
      if (this.#answer?.prompt === prompt) return;
      const answer = await lab.wholeAnswer(id, prompt);
      if (counts(id)) this.#answer = { prompt, answer };
    });
  }

  /** The model's own answer to the prompt as it is now, asked for where it is not known yet. */
  async ownAnswer(): Promise<string> {
    const { prompt } = this.#host.draft;
    if (this.#answer?.prompt === prompt) return this.#answer.answer;
    const answer = await this.#host.lab().wholeAnswer(this.#host.number(), prompt);
    this.#answer = { prompt, answer };
    return answer;
  }

  /** Another model is open: what the one before said is not its own. */
  clear() {
    this.tokens = this.prediction = this.#answer = null;
  }
}
