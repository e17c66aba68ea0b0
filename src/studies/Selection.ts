/** The cases of a study by their places, and how they were chosen. */
export interface Selection {
  /** What rows are about. */
  cases: number[];
  /** Cases with another part in the study: `neutral` ones, say, that no edit is about. */
  others?: Record<string, number[]> | undefined;
  filters: FilterCount[];
}

/** How many cases went into a filter and how many came out of it (METHODS 12.1). */
export interface FilterCount {
  name: string;
  in: number;
  out: number;
}
