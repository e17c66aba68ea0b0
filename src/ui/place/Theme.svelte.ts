export type Shade = "light" | "dark";

/** What the page lends: the system's wish, and what the reader chose before. */
interface ThemeHost {
  dark: Pick<MediaQueryList, "matches" | "addEventListener">;
  storage: Pick<Storage, "getItem" | "setItem" | "removeItem"> | undefined;
  show(shade: Shade): void;
}

/** Light or dark: as the system is, while it changes too, until the reader chooses another. */
export class Theme {
  shade = $state<Shade>("light");
  readonly #host: ThemeHost;
  #chosen: Shade | null = null;

  constructor(host: ThemeHost) {
    this.#host = host;
    this.#chosen = this.#read();
    host.dark.addEventListener("change", () => this.#show());
    this.#show();
  }

  /** The other shade. Choosing what the system has is following it again. */
  toggle() {
    const other = this.shade === "dark" ? "light" : "dark";
    this.#chosen = other === this.#system ? null : other;
    try {
      if (this.#chosen) this.#host.storage?.setItem("theme", this.#chosen);
      else this.#host.storage?.removeItem("theme");
    } catch {
      // Site data is blocked: the choice holds until the page is closed.
    }
    this.#show();
  }

  /** Another tab has chosen. */
  heard() {
    this.#chosen = this.#read();
    this.#show();
  }

  get #system(): Shade {
    return this.#host.dark.matches ? "dark" : "light";
  }

  #read(): Shade | null {
    try {
      const stored = this.#host.storage?.getItem("theme");
      return stored === "dark" || stored === "light" ? stored : null;
    } catch {
      return null;
    }
  }

  #show() {
    this.shade = this.#chosen ?? this.#system;
    this.#host.show(this.shade);
  }
}
