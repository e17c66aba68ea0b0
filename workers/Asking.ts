import type { ContinuedText } from "../src/data/ask/ContinuedText.ts";
import type { Delta } from "../src/data/delta/delta.ts";
import type { Model } from "../src/engine/Model.ts";
import { ask } from "../src/methods/prompt/ask.ts";
import { aboutText } from "../src/data/run/runAbout.ts";
import { contextOf } from "./run/Frozen.ts";
import type { HeldEdits } from "./HeldEdits.ts";
import type { AskEvent, AskOrder, AskView } from "./protocol/askProtocol.ts";
import type { Queue } from "./Queue.ts";

/** What the Lab lends. */
export interface AskingHost {
  queue: Queue;
  /** The model with these deltas and no other. */
  model(deltas: Delta[]): Model;
  held: HeldEdits;
}

/** Answers of the unedited model that are remembered: an edit is asked again and again about the same text. */
const REMEMBERED = 8;

/** The Lab's job that lets the model go on from any text, with no edit and with the edits that are on. */
export class Asking {
  readonly #host: AskingHost;
  #known = new Map<string, ContinuedText>();
  #stamp = "";

  constructor(host: AskingHost) {
    this.#host = host;
  }

  /**
   * Continues a text and reports each token as it comes; the edited model first, since it is the one that is asked.
   *
   * The edits are those that are on when it is asked.
   *
   * @throws a sentence where the text is empty or leaves no room, an AbortError where it was stopped
   */
  ask(id: number, order: AskOrder, report: (event: AskEvent) => void): Promise<AskView> {
    const frozen = this.#host.held.freeze();
    const task = { doing: "continuing the text", urgency: "short" as const };
    return this.#host.queue.runReporting(id, task, report, async (signal) => {
      const active = frozen.deltas;
      const about = aboutText(order.settings);
      const context = await contextOf(frozen, this.#host.model(active), about);
      const continued = (deltas: Delta[], side: AskEvent["side"]) =>
        ask(this.#host.model(deltas), order.prompt, order.settings, {
          onToken: (token) => report({ side, token }),
          signal,
        });
      const after = active.length ? await continued(active, "after") : undefined;
      const known = this.#remembered(order);
      known?.tokens.forEach((token) => report({ side: "before", token }));
      const before = known ?? (await continued([], "before"));
      this.#remember(order, before);
      return { context, before, after };
    });
  }

  #remembered(order: AskOrder): ContinuedText | undefined {
    const { stamp, precision } = this.#host.model([]).identity;
    const open = `${stamp} ${precision}`;
    if (open !== this.#stamp) this.#known.clear();
    this.#stamp = open;
    return this.#known.get(keyOf(order));
  }

  #remember(order: AskOrder, before: ContinuedText) {
    this.#known.delete(keyOf(order));
    this.#known.set(keyOf(order), before);
    const [oldest] = this.#known.keys();
    if (this.#known.size > REMEMBERED) this.#known.delete(oldest);
  }
}

const keyOf = ({ prompt, settings }: AskOrder) => JSON.stringify([settings, prompt]);
