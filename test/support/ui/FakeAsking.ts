import type { RemoteLab } from "../../../workers/connect.ts";
import type {
  AskEvent,
  AskOrder,
  AskView,
  ContinuedToken,
} from "../../../workers/protocol/protocol.ts";
import type { FakeHost } from "./FakeHost.ts";

type RemoteAsking = RemoteLab["asking"];

/** Continues every text with the same words, and with others where an edit is on. */
export class FakeAsking implements RemoteAsking {
  /** What was asked. */
  readonly asked: AskOrder[] = [];
  #host: FakeHost;

  constructor(host: FakeHost) {
    this.#host = host;
  }

  async ask(id: number, order: AskOrder, report: (event: AskEvent) => void): Promise<AskView> {
    this.#host.enter("ask");
    this.asked.push(order);
    const spoken = async (side: AskEvent["side"]) => {
      const tokens = words(side).slice(0, order.settings.tokens);
      for (const token of tokens) {
        await this.#host.pause(id);
        report({ side, token });
      }
      return { prompt: order.prompt, tokens, end: "length" as const };
    };
    const after = this.#host.edits.active.length ? await spoken("after") : undefined;
    const { seed, ...settings } = order.settings;
    const context = this.#host.context({ kind: "text", settings, seed });
    return { context, before: await spoken("before"), after };
  }
}

function words(side: AskEvent["side"]): ContinuedToken[] {
  const text = side === "before" ? " Seattle, and it is known" : " Paris, and it is known";
  return (text.match(/ ?[A-Za-z]+|,/g) ?? []).map((word) => {
    const id = [...word].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) % 8192, 7);
    const likeliest = [
      { id, text: word, probability: 0.7 },
      { id: id + 1, text: " the", probability: 0.2 },
    ];
    return { id, text: word, probability: 0.7, likeliest };
  });
}
