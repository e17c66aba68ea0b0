import type { ModelFact } from "../../data/facts/modelFacts.ts";
import published from "../../data/published/searches.json" with { type: "json" };

/**
 * Numbers that zjunlp/EasyEdit (MIT) printed in the outputs of its notebooks while it searched for the values that recall
 * facts (src/data/published/searches.json).
 *
 * The left vector's are left out: it is not said whether C was used there. Everything below needs the contexts, which
 * were printed too and are given there as ids, but no statistics.
 */
interface Notebook {
  /** The model's id on the Hub. */
  model: string;
  source: string;
  /** What is searched for: the MLP's output, or the block's. */
  site: "mlp" | "hidden";
  layer: number;
  /** The settings of the search, which are the method's own (METHODS 4.7), where its losses are given. */
  search?: Extract<ModelFact, { kind: "search" }>["settings"];
  prefixes: number[][];
  edits: PublishedEdit[];
}

/** One edit's prompt, target and numbers. */
interface PublishedEdit {
  /** The prompt at the beginning of a row and, with a leading blank, after a context. */
  bare: number[];
  spaced: number[];
  /** Where the subject ends in either. */
  lookup: number;
  target: number[];
  /** "{subject} is a", and where the subject ends there. */
  essence: { tokens: number[]; lookup: number };
  /** The norm of what the search begins from. */
  initialNorm: number;
  /** Before the first step: the mean over contexts of exp(−NLL). */
  probability: number;
  /** Before each of the first steps; without a search only the first, which is the NLL. */
  losses: number[];
}

/** What was published of searches in the model with this id on the Hub. */
export function searchesOf(id: string): ModelFact[] {
  const notebooks = published as Notebook[];
  return notebooks.filter(({ model }) => model === id).flatMap(factsOf);
}

function factsOf({ source, site, layer, search, prefixes, edits }: Notebook): ModelFact[] {
  return edits.flatMap((edit): ModelFact[] => {
    const under = underContexts(edit, prefixes);
    const [first] = edit.losses;
    return [
      { kind: "stateNorm", source, site, layer, ...initialState(edit) },
      { kind: "probability", source, ...under, expected: edit.probability },
      search
        ? {
            kind: "search",
            source,
            layer,
            settings: search,
            essence: edit.essence,
            ...under,
            lookups: [edit.lookup, ...prefixes.map((prefix) => prefix.length + edit.lookup)],
            expected: edit.losses,
          }
        : { kind: "nll", source, ...under, expected: first },
    ];
  });
}

function initialState({ bare, lookup, initialNorm }: PublishedEdit) {
  return { tokens: bare.slice(0, lookup + 1), expected: initialNorm };
}

function underContexts({ bare, spaced, target }: PublishedEdit, prefixes: number[][]) {
  return { prompts: [bare, ...prefixes.map((prefix) => [...prefix, ...spaced])], target };
}
