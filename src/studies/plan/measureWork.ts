import type { Case } from "../../data/facts/facts.ts";
import { perplexity } from "../../methods/score/perplexity.ts";
import { scoreCase } from "../../methods/score/score.ts";
import { collectStatistics } from "../../methods/statistics/statistics.ts";
import { sigma } from "../../methods/trace/sigma.ts";
import { trace } from "../../methods/trace/trace.ts";
import { templateSpan } from "../../methods/prompt/subject.ts";
import type { Editing } from "../Editing.ts";
import { editRequestOf } from "../editEach.ts";
import { statementOf } from "../groupCases.ts";
import { isKnown } from "../knownCases.ts";
import type { SelectContext } from "../Study.ts";
import type { PlanPart, StudyPlan, Work } from "./Work.ts";

/** What a sample is made with. */
type At = Pick<SelectContext<object>, "model" | "editings" | "signal" | "onProgress"> & {
  /** Of the chosen cases; those at its end are the least likely to be found already. */
  cases: readonly Case[];
  now: () => number;
};

/** Edits with other settings that are measured at most: of a grid its first, its last and one between. */
const TRIED = 3;
/** Milliseconds after which no further setting is measured. */
const LONG = 5_000;
const ASKED = 32;
const TEXTS = 8;
const KEYS = 512;

/**
 * Measures a small sample of every kind of work, each once to warm up, and says what all of it will take.
 *
 * @throws what the work throws; the signal's reason
 */
export async function measureWork(work: readonly Work[], at: At): Promise<StudyPlan> {
  const parts: PlanPart[] = [];
  for (const units of kindsOf(work)) {
    at.signal?.throwIfAborted();
    at.onProgress?.(`measuring: ${words[units[0].unit]}`);
    parts.push(
      isEdits(units) ? await editsPart(units, at) : await countedPart(units as Counted[], at),
    );
  }
  return { parts, seconds: parts.reduce((sum, { seconds }) => sum + seconds, 0) };
}

type Edits = Extract<Work, { unit: "edit" }>;
type Counted = Exclude<Work, Edits>;

const words: Record<Work["unit"], string> = {
  edit: "facts written",
  score: "cases scored",
  text: "texts read",
  trace: "state traces",
  ask: "facts asked for",
  key: "keys summed",
};

const isEdits = (units: readonly Work[]): units is Edits[] => units[0].unit === "edit";

/** Units of one kind and method together, those that there are none of left out. */
function kindsOf(work: readonly Work[]): Work[][] {
  const kinds = new Map<string, Work[]>();
  for (const one of work) {
    if ((one.unit === "edit" ? one.facts : one.count) === 0) continue;
    const kind = one.unit === "edit" ? `edit ${one.method ?? 0}` : one.unit;
    kinds.set(kind, [...(kinds.get(kind) ?? []), one]);
  }
  return [...kinds.values()];
}

async function editsPart(units: readonly Edits[], at: At): Promise<PlanPart> {
  const editing = at.editings[units[0].method ?? 0];
  const middle = Math.floor(units.length / 2);
  const tried = units.filter(
    (_, i) => units.length <= TRIED || [0, middle, units.length - 1].includes(i),
  );
  const costs: EditCost[] = [];
  const began = at.now();
  for (const { changes } of tried) {
    if (costs.length > 0 && at.now() - began > LONG) break;
    costs.push(await editCost(editing.with(changes ?? {}), { ...at, warm: costs.length === 0 }));
  }
  const mean = (part: keyof EditCost) =>
    costs.reduce((sum, cost) => sum + cost[part], 0) / costs.length;
  const total = (part: "facts" | "groups") => units.reduce((sum, unit) => sum + unit[part], 0);
  const seconds = total("facts") * mean("fact") + total("groups") * mean("group");
  const what = `facts written by ${editing.editor.title}`;
  return { what, count: total("facts"), each: seconds / total("facts"), seconds };
}

/** Seconds for each fact of a group, and for the group beside. */
interface EditCost {
  fact: number;
  group: number;
}

/** From one fact alone and two together; the first of all after one that warms up. */
async function editCost(
  editing: Editing,
  { cases, now, warm: isFirst }: At & { warm: boolean },
): Promise<EditCost> {
  const [warm, one, ...two] = [0, 1, 2, 3].map((i) => cases[cases.length - 1 - (i % cases.length)]);
  const seconds = async (facts: readonly Case[]) => {
    const began = now();
    await editing.write(facts.map(editRequestOf));
    return (now() - began) / 1000;
  };
  if (isFirst) await seconds([warm]);
  const alone = await seconds([one]);
  if (editing.editor.facts === "one" || cases.length < 4) return { fact: alone, group: 0 };
  const together = await seconds(two);
  const fact = Math.min(alone, Math.max(together - alone, together / 4));
  return { fact, group: alone - fact };
}

async function countedPart(units: readonly Counted[], at: At): Promise<PlanPart> {
  const [{ unit }] = units;
  const count = units.reduce((sum, one) => sum + one.count, 0);
  const { made, work } = samples[unit](at);
  await work();
  const began = at.now();
  await work();
  const each = (at.now() - began) / 1000 / made;
  return { what: words[unit], count, each, seconds: count * each };
}

/** For every kind how many a sample makes, and the work. */
const samples: Record<Counted["unit"], (at: At) => { made: number; work: () => Promise<unknown> }> =
  {
    score: ({ model, cases, signal }) => ({
      made: 1,
      work: () => scoreCase(model, cases[cases.length - 1], { signal }),
    }),
    text: ({ model, cases, signal }) => {
      const texts = cases.slice(0, TEXTS).map(statementOf);
      return { made: texts.length, work: () => perplexity(model, texts, signal) };
    },
    ask: ({ model, cases, signal }) => {
      const some = cases.slice(0, ASKED);
      return { made: some.length, work: () => isKnown(model, some, signal) };
    },
    trace: (at) => ({ made: 1, work: () => traceOne(at) }),
    key: ({ model, cases, editings: [editing], signal }) => ({
      made: KEYS,
      work: () =>
        collectStatistics(
          model,
          Array.from({ length: KEYS }, (_, i) => statementOf(cases[i % cases.length])),
          {
            layers: editing.editor.statistics(editing.settings),
            source: "a sample",
            tokens: KEYS,
            signal,
          },
        ),
    }),
  };

/** A state trace as studies make it (METHODS 2). */
async function traceOne({ model, cases: [fact], signal }: Pick<At, "model" | "cases" | "signal">) {
  const { prompt, subject, targetTrue: target } = fact;
  const asked = { prompt: templateSpan(prompt, subject).text, subject, target, occurrence: 0 };
  const noise = { kind: "sigma", factor: 3 } as const;
  const how = { kind: "state", window: 1, noise, samples: 10, replace: false, seed: 1 } as const;
  return trace(model, { ...asked, ...how }, { sigma: await sigma(model, [subject]), signal });
}
