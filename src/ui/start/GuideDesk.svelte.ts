import { prefer, preferred } from "../parts/preferences.ts";

/** What of the page's state tells how far the reader is. */
export interface GuideHost {
  /** Whether a whole trace is on the page. */
  traced(): boolean;
  /** Whether a fact was rewritten. */
  rewritten(): boolean;
  /** Whether it was scored with the edit on. */
  checked(): boolean;
}

/** One step of the first run. */
export interface GuideStep {
  title: string;
  text: string;
  /** The heading of the panel that it is about. */
  panel: string;
  /** Whether it is done, where the page can tell. */
  done?: (host: GuideHost) => boolean;
}

/** From a fact to an edit taken home. */
export const guideSteps: readonly GuideStep[] = [
  {
    title: "Trace",
    text: "Press Trace, if no figure is there yet. The model reads the prompt with its subject drowned in noise, then with one clean state after the other put back.",
    panel: "Trace",
    done: (host) => host.traced(),
  },
  {
    title: "Read the figure",
    text: "Rows are tokens, columns are layers. Dark cells bring the answer back: early at the subject’s last token, where the fact is recalled, and late at the last token, where it is said.",
    panel: "Trace",
  },
  {
    title: "Rewrite",
    text: "Type another answer as the new target, and press Rewrite. One matrix of one layer gets a small change; the model’s own weights stay as they are.",
    panel: "Rewrite",
    done: (host) => host.rewritten(),
  },
  {
    title: "Check what else changed",
    text: "Paraphrases should follow, neighbours should stay. Then ask the model anything: what it says with the edit stands beside what it says without.",
    panel: "Compare",
    done: (host) => host.checked(),
  },
  {
    title: "Take it away",
    text: "An edit is a file: a delta for the terminal and PyTorch, a PEFT adapter, or a recipe that repeats it. It stays in this browser too, and can be switched off and undone.",
    panel: "Edits",
  },
];

/** The guided first run: left at any point, and found again where it was left. */
export class GuideDesk {
  /** The step that is shown, from 0; null while the guide is not open. */
  step = $state<number | null>(null);
  readonly #host: GuideHost;

  constructor(host: GuideHost) {
    this.#host = host;
  }

  current = $derived(this.step === null ? null : guideSteps[this.step]);
  done = $derived.by(() => guideSteps.map((step) => step.done?.(this.#host) ?? false));
  /** Where it would go on: the step at which it was left. */
  left = $state(stepOf(preferred("guide")));

  open() {
    this.step = this.left;
  }

  /** To another step; past the last one the guide is done, and begins anew next time. */
  go(step: number) {
    const inside = step >= 0 && step < guideSteps.length;
    this.left = inside ? step : 0;
    this.step = inside ? step : null;
    prefer("guide", this.left ? String(this.left) : "");
  }

  leave() {
    this.step = null;
  }
}

/** What was kept, where it is a step. */
function stepOf(kept: string): number {
  const step = Number(kept);
  return Number.isInteger(step) && step > 0 && step < guideSteps.length ? step : 0;
}
