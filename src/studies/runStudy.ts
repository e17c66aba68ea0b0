import type { Case } from "../data/facts/facts.ts";
import { mergedRows, type Row, type RowCost, writtenRow } from "../data/rows/rows.ts";
import type { RowStore } from "../data/rows/RowStore.ts";
import type { Precision } from "../engine/checkpoint/precision.ts";
import type { Model } from "../engine/Model.ts";
import type { Stoppable } from "../engine/runtime/Stoppable.ts";
import type { Editing } from "./Editing.ts";
import type { FilterCount, Selection } from "./Selection.ts";
import { isOf, type Shard, WHOLE } from "./shard.ts";
import type { SelectContext, Study, StudyContext } from "./Study.ts";
import {
  readAbout,
  refuseOthers,
  type StudyAbout,
  studyAbout,
  type StudyOrder,
} from "./StudyAbout.ts";

/** What a study runs on: its model and cases, and where its rows go. */
export interface StudyHost extends Stoppable {
  model: Model;
  /** The same model at another precision. */
  open: (precision: Precision) => Promise<Model>;
  /** All cases of the file. */
  cases: readonly Case[];
  /** What was left out before a study chooses its cases: records that lack something, say. */
  filters?: readonly FilterCount[] | undefined;
  inputs: Readonly<Record<string, string>>;
  editings: readonly Editing[];
  store: RowStore;
  /** What messages call the store: its folder, say. */
  where: string;
  shard?: Shard | undefined;
  /** Milliseconds of some clock, for the rows' seconds. */
  now?: (() => number) | undefined;
  /** Told of rows that were kept, and how many there are by now. */
  onRows?: ((rows: readonly Row[], count: number) => void) | undefined;
  onProgress?: ((sentence: string) => void) | undefined;
  onNotice?: ((sentence: string) => void) | undefined;
}

/**
 * Makes the rows of a study that its store lacks. They are kept as they come: a run that is stopped or dies loses the row
 * in work, and the same call goes on. The cases are chosen once, in the first run.
 *
 * @returns what the rows are of, and all of them in the order of their keys
 * @throws where the store holds rows of other settings; what the study throws; the signal's reason
 */
export async function runStudy<S extends object>(
  study: Pick<Study<S>, "select" | "rows">,
  order: StudyOrder<S>,
  host: StudyHost,
): Promise<{ about: StudyAbout<S>; rows: Row[] }> {
  const { store, model, signal } = host;
  const { settings, seed } = order;
  const { cases: all, inputs, editings, onProgress, onNotice } = host;
  const asked = { model, settings, seed, all, inputs, editings, signal, onProgress, onNotice };
  const about = await begun(study, order, { host, asked });
  const rows = mergedRows(await store.read());
  const known = new Set(rows.map(({ key }) => key));
  const at = contextOf(asked, host, { about, known });
  const meter = new Meter(host);
  for await (const made of study.rows(at)) {
    const together = [made].flat();
    const cost = meter.read(together.length);
    const fresh = together
      .filter(({ key }) => !known.has(key))
      .map((row) => writtenRow({ ...row, cost: row.cost ?? cost }));
    await store.append(fresh);
    for (const row of fresh) known.add(row.key);
    rows.push(...fresh);
    host.onRows?.(fresh, rows.length);
    signal?.throwIfAborted();
  }
  return { about, rows: mergedRows(rows) };
}

/** What the store says that its rows are of; said to it first where it holds none. */
async function begun<S extends object>(
  study: Pick<Study<S>, "select">,
  order: StudyOrder<S>,
  { host: { store, where, filters = [] }, asked }: { host: StudyHost; asked: SelectContext<S> },
): Promise<StudyAbout<S>> {
  const there = await store.about();
  if (there !== undefined) {
    const before = readAbout(there, where);
    const advice = "go on with those, or name another place for these";
    refuseOthers(before, studyAbout(order, { cases: [], filters: [] }), { where, advice });
    return before as StudyAbout<S>;
  }
  if ((await store.read()).length > 0) {
    throw new Error(`${where} holds rows and no study.json; put it back, or name another place`);
  }
  const selection = await (study.select?.(asked) ?? firstCases(asked));
  const counted = { ...selection, filters: [...filters, ...selection.filters] };
  const about = JSON.parse(JSON.stringify(studyAbout(order, counted))) as StudyAbout<S>;
  await store.begin(about);
  return about;
}

/** All cases, or the first `limit` where the settings have one. */
function firstCases({ all, settings }: { all: readonly Case[]; settings: object }): Selection {
  const { limit } = settings as { limit?: number | undefined };
  return { cases: [...all.keys()].slice(0, limit), filters: [] };
}

function contextOf<S extends object>(
  asked: SelectContext<S>,
  { open, shard = WHOLE }: StudyHost,
  { about, known }: { about: StudyAbout<S>; known: Set<string> },
): StudyContext<S> {
  const mine = (i: number) => isOf(shard, i);
  const { chosen, filters } = about;
  return {
    ...asked,
    open,
    mine,
    chosen: { ...chosen, filters },
    cases: chosen.cases
      .filter((_, i) => mine(i))
      .map((place) => ({ place, fact: asked.all[place] })),
    wants: (key) => !known.has(key),
  };
}

/** Seconds and block-token evaluations since the last reading, for each of the rows that they made. */
class Meter {
  readonly #model: Model;
  readonly #now: (() => number) | undefined;
  #time: number;
  #work: number;

  constructor({ model, now }: Pick<StudyHost, "model" | "now">) {
    this.#model = model;
    this.#now = now;
    this.#time = now?.() ?? 0;
    this.#work = model.cost.blockTokens;
  }

  read(rows: number): RowCost {
    const [time, work] = [this.#now?.() ?? 0, this.#model.cost.blockTokens];
    const seconds = this.#now && Math.round((time - this.#time) / rows) / 1000;
    const blockTokens = (work - this.#work) / rows;
    [this.#time, this.#work] = [time, work];
    return { seconds, blockTokens };
  }
}
