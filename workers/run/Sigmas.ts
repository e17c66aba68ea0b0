import * as v from "valibot";
import { asShape } from "../../src/data/outside/checkShape.ts";
import { name, number, object, text, whole } from "../../src/data/outside/kinds.ts";
import type { RunSigma } from "../../src/data/run/RunContext.ts";
import type { Model } from "../../src/engine/Model.ts";
import { Shelf } from "../../src/engine/storage/Shelf.ts";
import { exampleSubjects, sigmaOf } from "../../src/methods/trace/sigma.ts";

const kept = object({
  of: text,
  sigma: object({ value: v.pipe(number, v.minValue(0)), set: name, subjects: whole(1) }),
});

/**
 * σ of each model, the unit of a trace's noise: measured once over the subjects of the facts that come with the page, and
 * kept with the model, so that it is the same for every subject, after the worker was started anew, and without a network.
 */
export class Sigmas {
  readonly #subjects: () => Promise<string[]>;
  readonly #shelf: Pick<Shelf, "put" | "take">;

  /** @param subjects those of the facts that come with the page; rejects where they cannot be read */
  constructor(subjects: () => Promise<string[]>, shelf: Pick<Shelf, "put" | "take"> = new Shelf()) {
    this.#subjects = subjects;
    this.#shelf = shelf;
  }

  /** σ for a trace of this subject: over the facts, or where they were never read, over the subject alone, which it says. */
  async of(model: Model, subject: string): Promise<RunSigma> {
    const { stamp, precision } = model.identity;
    const key = `sigma ${stamp} ${precision}`;
    const found = asShape(await this.#shelf.take(key), kept);
    const subjects = await this.#subjects().catch(() => undefined);
    if (!subjects?.length) {
      return found?.sigma ?? sigmaOf(model, { set: "this subject alone", subjects: [subject] });
    }
    const of = subjects.join("\n");
    if (found?.of === of) return found.sigma;
    const sigma = await sigmaOf(model, exampleSubjects(subjects));
    await this.#shelf.put(key, { of, sigma });
    return sigma;
  }
}
