/** What another tab of this page has changed of what the browser keeps. */
export interface TabChange {
  kind: "edits" | "statistics" | "models" | "tables" | "runs";
  /** The stamp of the model that it is of, where it is of one. */
  model?: string | undefined;
}

/** The part of a BroadcastChannel that is used. */
export type Channel = Pick<BroadcastChannel, "postMessage" | "addEventListener">;

/** Tells the other tabs of this page, and hears of them. Where the browser has no channels nobody hears anything. */
export class OtherTabs {
  readonly #channel: Channel | undefined;

  constructor(channel: Channel | undefined = browserChannel()) {
    this.#channel = channel;
  }

  tell(change: TabChange): void {
    this.#channel?.postMessage(change);
  }

  /** Hears what other tabs tell; not what is told here. */
  listen(hear: (change: TabChange) => void): void {
    this.#channel?.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      if (isChange(data)) hear(data);
    });
  }
}

/** A tab of another version of the page may tell what this one does not know. */
function isChange(value: unknown): value is TabChange {
  const { kind } = (value ?? {}) as Partial<TabChange>;
  return ["edits", "statistics", "models", "tables", "runs"].includes(kind!);
}

function browserChannel(): Channel | undefined {
  if (typeof BroadcastChannel === "undefined") return undefined;
  const channel = new BroadcastChannel("palimpsest");
  (channel as Partial<{ unref(): void }>).unref?.(); // in Node it would keep the process alive
  return channel;
}
