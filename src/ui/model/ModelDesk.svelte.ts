import type { RemoteLab } from "../../../workers/connect.ts";
import type {
  KeptModels,
  KeptModelView,
  KnownModelView,
  LoadProgress,
  ModelOrder,
  ChosenModel,
  PlaceView,
  PlanView,
  Precision,
  PrecisionPlan,
} from "../../../workers/protocol/protocol.ts";
import { agree, isAgreed } from "./agreed.ts";
import { addressOf, checkAddress, isFolderName, sourceOf } from "./modelAddress.ts";
import { handleOf, rememberedFolder } from "./folder.ts";
import { keepForGood } from "../parts/keepForGood.ts";
import { prefer, preferred } from "../parts/preferences.ts";
import { messageOf } from "../parts/sentence.ts";

/** What the model may be computed on; empty for what is best. */
export type DeviceChoice = "" | "webgpu" | "wasm";

/** What the session lends. */
interface ModelDeskHost {
  lab(): RemoteLab["models"];
  run<T>(
    name: "plan" | "kept",
    stage: string,
    work: (id: number) => Promise<T>,
  ): Promise<T | undefined>;
  stop(name: "plan"): void;
  load(order: ModelOrder): Promise<void>;
  /** Puts a sentence where what is looked at is chosen. */
  report(error: unknown): void;
  /** Starts the worker anew, on another device. */
  restart(): Promise<void>;
}

/** What a link asks for and only a click begins: a model that is fetched from elsewhere, a mirror of the Hub, or both. */
export interface LinkQuestion {
  source: ChosenModel;
  precision: Precision | undefined;
  /** Where the model would come from; undefined where it needs no question. */
  place: PlaceView | undefined;
  /** The mirror; undefined where the link names none that is new. */
  hub: string | undefined;
}

/** What a link says of the model. */
interface LinkOrder {
  model: string;
  precision?: Precision | undefined;
  hub?: string | undefined;
}

/** Milliseconds without a byte after which a speed no longer holds. */
const SILENCE = 3000;

/** Downloads up to this many bytes begin without being asked about. */
const SMALL = 64e6;

/** Choosing a model: what it would need, how its load goes on, and what is kept. */
export class ModelDesk {
  /** Whether the dialog is open, and on which of its pages. */
  shown = $state(false);
  page = $state<"choose" | "kept">("choose");
  /** What is typed of a model that is not in the list; it stays when the reader goes back to the choice. */
  typed = $state({ address: "", revision: "" });
  /** What is looked at. */
  source = $state.raw<ChosenModel | null>(null);
  plan = $state.raw<PlanView | null>(null);
  precision = $state<Precision>("f32");
  work = $state("");
  /** What each kind of work would take, once it is reckoned. */
  memory = $state.raw<Partial<Record<string, PrecisionPlan[]>>>({});
  known = $state.raw<KnownModelView[]>([]);
  kept = $state.raw<KeptModels | null>(null);
  progress = $state.raw<LoadProgress | null>(null);
  /** What a load that was stopped has left. */
  left = $state.raw<KeptModelView | null>(null);
  /** What a link asks for; nothing of it was fetched yet. */
  asked = $state.raw<LinkQuestion | null>(null);
  /** Whether a folder is being dragged over the page. */
  dragging = $state(false);

  device = $state<DeviceChoice>(deviceOf(preferred("device")));
  /** The Hub's mirror; empty for the Hub itself. */
  hub = $state(preferred("hub"));
  /** What the chosen precision would take for the chosen work. */
  chosen = $derived(this.memory[this.work]?.find(({ precision }) => precision === this.precision));
  /** The folder that a model was opened from last. */
  readonly folder = rememberedFolder(() => this.#host.lab());
  /** What the link that was opened last names. */
  #linked = $state("");
  #silence: ReturnType<typeof setTimeout> | undefined;
  readonly #host: ModelDeskHost;

  constructor(host: ModelDeskHost) {
    this.#host = host;
  }

  /** Opens the dialog where a model is chosen. */
  async open(page: "choose" | "kept" = "choose") {
    Object.assign(this, { shown: true, page });
    void this.folder.recall();
    await this.refresh();
  }

  /** Shows the choice again. */
  back() {
    this.#host.stop("plan");
    this.#host.report(null);
    this.source = this.plan = null;
  }

  /** Takes the device that a link asks for; it holds for this visit. */
  take({ device }: { device?: string }) {
    if (device !== undefined) this.device = deviceOf(device);
  }

  /** Finds out what opening a model would mean. */
  async look(source: ChosenModel, precision?: Precision): Promise<PlanView | undefined> {
    Object.assign(this, { source, plan: null, memory: {}, left: null });
    const found = await this.#host.run("plan", "reading its config", async (id) => {
      checkAddress(source);
      const hub = this.hub || undefined;
      // Who looks at a model has chosen it: the page may bring it back when it is loaded again.
      if (source.kind === "address") agree((await this.#host.lab().place({ source, hub })).url);
      const plan = await this.#host.lab().plan(id, { source, hub });
      if (!plan.works.some(({ name }) => name === this.work)) this.work = plan.works[0].name;
      return { plan, memory: await this.#memory(plan, this.work) };
    });
    if (!found) return undefined;
    const { plan, memory } = found;
    this.precision = precision ?? suggested(plan, memory);
    this.memory = { [this.work]: memory };
    this.plan = plan;
    void this.#reckonRest(plan);
    return plan;
  }

  #memory({ config, files }: PlanView, work: string) {
    return this.#host.lab().memory({ config, files, work });
  }

  /** The other kinds of work, one after the other, so that nothing waits long for them. */
  async #reckonRest(plan: PlanView) {
    for (const { name: work } of plan.works) {
      if (this.memory[work]) continue;
      const memory = await this.#memory(plan, work);
      if (this.plan !== plan) return;
      this.memory = { ...this.memory, [work]: memory };
    }
  }

  /**
   * Opens what a link names, at once where it is the page's own or was opened here before; asks first about what would
   * come from elsewhere.
   */
  async openLink({ model, precision, hub }: LinkOrder) {
    this.#linked = model;
    const source = sourceOf(model);
    const mirror = webAddress(hub);
    const named = mirror && mirror !== this.hub ? mirror : undefined;
    const asksHub = named !== undefined && !isAgreed(named);
    if (named && !asksHub) this.hub = named;
    this.asked = null;
    const place = await this.#placeOf(source, named);
    if (place === null) {
      // A folder cannot be read again unasked: the page stays of use, with the sentence that says so.
      if (isFolderName(source)) void this.folder.recall();
      if (isFolderName(source)) await this.#host.load({ source: { kind: "demo" } });
      return;
    }
    const asksPlace = place && !place.own && (!isAgreed(place.url) || (asksHub && place.mirror));
    if (asksHub || asksPlace) {
      const [asked, from] = [asksPlace ? place : undefined, asksHub ? named : undefined];
      this.asked = { source, precision, place: asked, hub: from };
    }
    if (source.kind === "demo") await this.#host.load({ source, precision });
    else if (!asksPlace) await this.#openNamed(source, precision);
  }

  /** Whether the link that was opened last names this folder of the computer. */
  namesFolder(name: string): boolean {
    return this.#linked === `folder:${name}`;
  }

  /** Where a model of the network lies; null where that cannot be said, which is reported. */
  async #placeOf(source: ChosenModel, hub = this.hub): Promise<PlaceView | undefined | null> {
    if (source.kind !== "address") return undefined;
    const found = await this.#host.run("plan", "looking where it is", () => {
      checkAddress(source);
      return this.#host.lab().place({ source, hub: hub || undefined });
    });
    return found ?? null;
  }

  /** The reader says yes to what a link asks for. */
  async accept() {
    if (!this.asked) return;
    const { source, precision, place, hub } = this.asked;
    this.asked = null;
    if (hub) this.hub = hub;
    if (hub) agree(hub);
    if (place) await this.#openNamed(source, precision);
  }

  /** The reader says no; where nothing is open, the built-in model is. */
  async decline(isOpen: boolean) {
    this.asked = null;
    if (!isOpen) await this.#host.load({ source: { kind: "demo" } });
  }

  /** Looks at a model, and opens it where little is left to download; else that is asked about. */
  async #openNamed(source: ChosenModel, precision: Precision | undefined) {
    const plan = await this.look(source, precision);
    if (!plan) {
      this.source = null;
      return;
    }
    if (this.chosen?.level === "refused" || plan.bytes - plan.kept > SMALL) this.shown = true;
    else await this.load();
  }

  /** Loads what is looked at. */
  async load() {
    const { source, precision } = this;
    if (!source) return;
    void keepForGood();
    await this.#host.load({ source, precision, hub: this.hub || undefined });
  }

  /** A load began. */
  began() {
    this.#follow(null);
    this.left = null;
  }

  /** A load went on. */
  went(progress: LoadProgress) {
    this.#follow(progress);
    // Nothing is reported while nothing comes: what was last said of the speed would stand there for ever.
    if (progress.stage !== "downloading") return;
    const { stage, done, total } = progress;
    this.#silence = setTimeout(
      () => (this.progress = { stage, done, total, bytesPerSecond: 0 }),
      SILENCE,
    );
  }

  #follow(progress: LoadProgress | null) {
    clearTimeout(this.#silence);
    this.progress = progress;
  }

  /** A load ended well: if it is what the dialog is about, there is nothing left to choose. */
  loaded({ source }: ModelOrder) {
    this.#follow(null);
    if (source.kind === "folder") void this.folder.keep(handleOf(source));
    if (source.kind !== "demo") this.asked = null;
    if (source === this.source) Object.assign(this, { shown: false, source: null, plan: null });
  }

  /** A load ended before its end: says what is kept of it. */
  async stopped({ source }: ModelOrder) {
    this.#follow(null);
    await this.refresh();
    const name = addressOf(source);
    const kept = this.kept?.models.find((model) => sameModel(model, name));
    if (kept && !kept.complete) this.left = kept;
    if (kept && this.plan && this.source === source)
      this.plan = { ...this.plan, kept: Math.min(kept.bytes, this.plan.bytes) };
  }

  /** Looks what is kept. */
  async refresh() {
    const kept = await this.#host.run("kept", "looking what is kept", () =>
      this.#host.lab().kept(),
    );
    if (kept) this.kept = kept;
  }

  async remove(model: KeptModelView) {
    const { base, revision } = model;
    if (this.left?.base === base && this.left.revision === revision) this.left = null;
    const kept = await this.#host.run("kept", `deleting ${model.name}`, () =>
      this.#host.lab().remove({ base, revision }),
    );
    if (kept) this.kept = kept;
  }

  /** The model that is kept under an id, if any. */
  keptAs(source: ChosenModel): KeptModelView | undefined {
    return this.kept?.models.find((model) => sameModel(model, addressOf(source)));
  }

  setHub(hub: string) {
    this.hub = hub.trim().replace(/\/+$/, "");
    prefer("hub", this.hub);
    if (this.hub) agree(this.hub);
  }

  async setDevice(device: DeviceChoice) {
    this.device = device;
    prefer("device", device);
    await this.#host.restart();
    if (this.source) await this.look(this.source);
  }

  /** Looks at a folder that the reader is about to give, and says what is wrong with it. */
  async lookAtFolder(give: () => Promise<ChosenModel | null>) {
    try {
      const folder = await give();
      if (!folder) return;
      this.shown = true;
      await this.look(folder);
    } catch (error) {
      this.#host.report(new Error(messageOf(error)));
    }
  }

  /** What a link carries beside the model's name; what is asked about stands in it until it is answered. */
  view(): { device: string; hub: string } {
    const { device, hub, asked } = this;
    return { device, hub: asked?.hub ?? hub };
  }
}

/** As the files have it, or the first precision that is not too much. */
function suggested({ stored }: PlanView, memory: PrecisionPlan[]): Precision {
  if (stored !== "float") return stored;
  const good = memory.find(({ level }) => level === "fits" || level === "unknown");
  // Where all is doubtful, what takes least.
  return (good ?? memory.findLast(({ level }) => level !== "refused") ?? memory[0]).precision;
}

/** A mirror's address without its last slash; empty for what is none. */
function webAddress(text = ""): string {
  const typed = text.trim().replace(/\/+$/, "");
  return URL.canParse(typed) && /^https?:/i.test(typed) ? typed : "";
}

const deviceOf = (text: string): DeviceChoice => (text === "webgpu" || text === "wasm" ? text : "");

/** A branch that nobody named is main. */
function sameModel(kept: KeptModelView, address: string): boolean {
  const [id, revision = "main"] = address.split("@");
  if (kept.revision === "") return kept.base === `${address.replace(/\/+$/, "")}/`;
  return kept.name === id && kept.revision === revision;
}
