/**
 * What a search for a value is for (METHODS 8.3). By default it makes the target likely; erasure makes it unlikely, and
 * forcing makes it likely while noise hides the subject.
 */
export interface Objective {
  /**
   * "maximise": the loss is mean NLL + KL + decay. "minimise": exp(−mean NLL) + KL + decay, where the mean is over
   * contexts and the target's tokens.
   */
  target: "maximise" | "minimise";
  /** On the subject's embeddings, at its own place in every row that holds it, in all that is read of the model. */
  noise?: SubjectNoise | undefined;
}

/** Gaussian noise on the embeddings of a subject: one draw a fact, row after row [row, token, dModel]. */
export interface SubjectNoise {
  /** The factor of the random draw. */
  level: number;
  /** Of the NumPy generator that is opened afresh for every fact. */
  seed: number;
  /** Put the noise in the place of the embedding instead of adding it. */
  replace?: boolean | undefined;
}

/** When a search is done before all steps are taken. */
export interface Stop {
  /** The search is done when its loss is below this; never where absent. */
  below?: number | undefined;
  /** … so many times in a row. Default 1. */
  patience?: number | undefined;
  /** Whether δ moves once more after the last loss that is looked at. */
  moveLast?: boolean | undefined;
}

/** A search's purpose and end, where they are not the usual ones. */
export interface SearchGoal {
  objective?: Objective | undefined;
  stop?: Stop | undefined;
}

/** The authors' stop (METHODS 4.5): a loss below 0.05. Erasure looks at all (METHODS 8.3). */
export const usualStop = ({ target }: Objective): Stop =>
  target === "maximise" ? { below: 0.05 } : {};

export const usualObjective: Objective = { target: "maximise" };

/** Throws a sentence where an objective or a stop cannot be. */
export function checkGoal({ objective, stop }: SearchGoal): void {
  const { noise } = objective ?? usualObjective;
  if (noise && !(noise.level >= 0 && noise.level < Infinity)) {
    throw new Error(`invalid noise: ${noise.level} (a number from 0)`);
  }
  const { patience = 1 } = stop ?? {};
  if (!(Number.isInteger(patience) && patience > 0)) {
    throw new Error(`invalid patience: ${patience} (an integer from 1)`);
  }
}
