import { numberIn } from "../../../../src/data/rows/rows.ts";
import type { Study } from "../../../../src/studies/Study.ts";

interface NothingSettings {
  /** At most so many cases. */
  limit?: number | undefined;
  /** Milliseconds that nothing takes. */
  pause: number;
}

interface NothingSummary {
  cases: number;
  words: number;
}

/** A study that does nothing: it counts the words of each case's prompt. */
export const nothing: Study<NothingSettings, NothingSummary> = {
  name: "nothing",
  title: "Nothing",
  about: "Counts words, to show what a study is made of.",
  fields: [
    {
      name: "limit",
      label: "Limit",
      hint: "At most so many cases",
      kind: { type: "number", min: 1, whole: true },
    },
    {
      name: "pause",
      label: "Pause",
      hint: "Milliseconds that each case takes",
      kind: { type: "number", min: 0 },
    },
  ],
  defaults: { pause: 0 },

  async *rows({ cases, settings, wants }) {
    for (const { place, fact } of cases) {
      const key = `${place}`;
      if (!wants(key)) continue;
      await new Promise((wake) => setTimeout(wake, settings.pause));
      yield { key, case: fact.id, words: fact.prompt.split(" ").length };
    }
  },

  summarise(rows) {
    const words = rows.reduce((sum, row) => sum + numberIn(row, "words"), 0);
    return { cases: rows.length, words: words / rows.length };
  },

  tables: ({ cases, words }) => [
    {
      name: "summary",
      columns: [{ name: "cases" }, { name: "words a prompt", as: { decimals: 1 } }],
      rows: [[cases, words]],
    },
  ],
};
