import type { RemoteLab } from "../../../workers/connect.ts";
import type { JobView } from "../../../workers/protocol/protocol.ts";
import type { Job } from "../parts/Job.svelte.ts";
import { asSentence } from "../parts/sentence.ts";

/** What the session lends. */
export interface JobsDeskHost {
  lab(): Pick<RemoteLab, "pause" | "cancel">;
  /** The page's jobs by name. */
  jobs: Readonly<Record<string, Job>>;
  /** Ends one of these. */
  cancel(name: string): void;
}

/** One line of the tray. */
export interface TrayJob {
  /** "Scoring the table". */
  title: string;
  name: string;
  job: Job;
}

/** Seconds after which the end of a job is worth a word. */
const LONG = 3;

/** The jobs that are under way, for the tray, the tab's title and what is announced. */
export class JobsDesk {
  /** What was announced last. */
  said = $state("");
  /** Whether a notification may be shown: "default" while nobody was asked. */
  allowed = $state<NotificationPermission | "none">(permission());
  /** Jobs that a reader should see, by the order in which they began. */
  readonly shown = $derived.by(() => this.#slow());
  /** "41 % · " before the tab's title, while the first of them says how far it is. */
  readonly titleMark = $derived.by(() => {
    const fraction = this.shown[0]?.job.fraction;
    return fraction === undefined ? "" : `${Math.floor(100 * fraction)} % · `;
  });
  readonly #host: JobsDeskHost;

  constructor(host: JobsDeskHost) {
    this.#host = host;
  }

  /** Takes what the worker says of its jobs. */
  took(views: readonly JobView[]) {
    for (const job of Object.values(this.#host.jobs)) {
      const told = views.find(({ id }) => id === job.id);
      if (told && job.running) job.take(told);
    }
  }

  /** A job of the page ended by itself: one that took long is told of, and how it ended. */
  ended(name: string, problem?: string) {
    const job = this.#host.jobs[name];
    if (job.age < LONG) return;
    const title = titleOf(job);
    this.said =
      problem === undefined ? `${title}: done.` : `${title}: failed. ${asSentence(problem)}`;
    this.#notify(job.id);
  }

  pause({ job }: TrayJob) {
    const paused = job.told?.state === "paused" || job.told?.state === "pausing";
    void this.#host.lab().pause(job.id, !paused);
  }

  cancel({ name, title }: TrayJob) {
    this.#host.cancel(name);
    this.said = `${title}: cancelled.`;
  }

  /** Asks whether the end of a job may be told while the page is hidden; on a click only. */
  async allow() {
    this.allowed = await Notification.requestPermission();
  }

  #slow(): TrayJob[] {
    // A model that loads has a line of its own, with bytes and speed.
    const some = Object.entries(this.#host.jobs).filter(
      ([name, job]) => job.slow && name !== "model",
    );
    return some
      .map(([name, job]) => ({ name, job, title: titleOf(job) }))
      .sort((a, b) => a.job.id - b.job.id);
  }

  #notify(id: number) {
    if (this.allowed !== "granted" || !document.hidden) return;
    const notification = new Notification("Palimpsest", { body: this.said, tag: String(id) });
    notification.onclick = () => {
      window.focus();
      notification.close();
    };
  }
}

/** What is under way as a heading has it. */
const titleOf = ({ told, stage }: Job) => asSentence(told?.doing ?? stage).replace(/\.$/, "");

const permission = () => (typeof Notification === "undefined" ? "none" : Notification.permission);
