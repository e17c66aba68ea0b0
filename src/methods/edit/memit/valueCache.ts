import type { ModelIdentity } from "../../../data/identity/ModelIdentity.ts";
import type { EditRequest } from "../editRequest.ts";
import type { MemitHyperparameters } from "./MemitHyperparameters.ts";
import type { ContextGroups } from "../contextTemplates.ts";
import type { ValueCache } from "../Editor.ts";
import type { SearchGoal } from "../Objective.ts";
import type { FactState } from "./targetStates.ts";

/**
 * What a fact's z depends on, as a text: the contents and precision of the model, the fact, the contexts and every setting but λ and the layers below
 * the last (METHODS 5.6; the authors' cache forgets the contexts and the steps).
 */
export function valueName(
  { stamp, precision }: Pick<ModelIdentity, "stamp" | "precision">,
  fact: EditRequest,
  settings: { hyperparameters: MemitHyperparameters; contexts: ContextGroups; goal?: SearchGoal },
): string {
  const { layers, steps, learningRate, weightDecay, klFactor, clamp, factToken } =
    settings.hyperparameters;
  const { prompt, subject, target } = fact;
  const request = { prompt, subject, target };
  // Named one by one: the text must not depend on the order in which a caller's object has them.
  return JSON.stringify({
    stamp,
    precision,
    layer: layers[layers.length - 1],
    steps,
    learningRate,
    weightDecay,
    klFactor,
    clamp,
    factToken,
    request,
    contexts: settings.contexts,
    ...goalOf(settings.goal),
  });
}

/** Only what is not usual, so that what was found before has the name it had. */
const goalOf = ({ objective, stop }: SearchGoal = {}): SearchGoal =>
  JSON.parse(JSON.stringify({ objective, stop })) as SearchGoal;

/** The states that the cache holds; undefined for the others, and for what is of another width or not finite. */
export async function knownStates(
  cache: ValueCache | undefined,
  names: string[],
  dModel: number,
): Promise<(FactState | undefined)[]> {
  if (!cache) return names.map(() => undefined);
  const values = await Promise.all(names.map((name) => cache.get(name)));
  return values.map((z) =>
    z?.length === dModel && z.every(Number.isFinite)
      ? { z: Float64Array.from(z), steps: [] }
      : undefined,
  );
}
