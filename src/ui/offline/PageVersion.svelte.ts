/** What of the browser this needs: its service workers, and the page's own load. */
export interface PageVersionHost {
  workers: ServiceWorkerContainer | undefined;
  /** Whether threads can be had. */
  isolated: boolean;
  reload(): void;
  /** Remembers across a reload that it was made; false where that was so already. */
  first(): boolean;
}

/** The page as its service worker keeps it: it opens without a network, and says when a new version waits. */
export class PageVersion {
  /** Whether a new version of the page waits to be taken. */
  waiting = $state(false);
  #next: ServiceWorker | null = null;
  readonly #host: PageVersionHost;

  constructor(host: PageVersionHost) {
    this.#host = host;
  }

  /** Has the page kept; where the host of the page sets no headers of isolation, loads it once more with those of the worker. */
  async keep(script: string) {
    const { workers, isolated } = this.#host;
    if (!workers) return;
    const controlled = workers.controller !== null;
    let taken = false;
    workers.addEventListener("controllerchange", () => {
      const first = !controlled && !taken;
      taken = true;
      // The first worker takes a page that is fine as it is; a later one was asked for.
      if (!first || (!isolated && this.#host.first())) this.#host.reload();
    });
    try {
      const registration = await workers.register(script);
      this.#look(registration);
      registration.addEventListener("updatefound", () => this.#look(registration));
    } catch {
      // A browser that keeps nothing, in a private window say: the page is as good as before.
    }
  }

  /** Has the built-in model kept, with the statistics of these layers: it is open, and opens without a network then. */
  async keepModel(layers: readonly number[]) {
    const registration = await this.#host.workers?.ready;
    registration?.active?.postMessage({ keepModel: [...layers] });
  }

  /** Takes the new version: the page is loaded again. */
  take() {
    this.#next?.postMessage("take over");
  }

  #look({ waiting, installing, active }: ServiceWorkerRegistration) {
    const next = waiting ?? installing;
    if (!next || !active || next === active) return;
    const seen = () => {
      if (next.state !== "installed") return;
      this.#next = next;
      this.waiting = true;
    };
    next.addEventListener("statechange", seen);
    seen();
  }
}

const LOADED = "palimpsest/isolated";

/** The version of the page that is open. */
export function pageVersion(): PageVersion {
  return new PageVersion({
    workers: "serviceWorker" in navigator ? navigator.serviceWorker : undefined,
    isolated: crossOriginIsolated,
    reload: () => location.reload(),
    first() {
      try {
        const first = sessionStorage.getItem(LOADED) === null;
        sessionStorage.setItem(LOADED, "1");
        return first;
      } catch {
        return false;
      }
    },
  });
}
