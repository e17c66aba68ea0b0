const BEYOND = "beyond what float32 can hold";

/**
 * The error for a number that was not born: it is NaN or infinite. It says what could not be computed; who knows the
 * settings adds which of them did it ({@link isBeyond}).
 *
 * @param what "the model's output"
 * @param advice what to do where nobody knows more
 */
export const beyond = (what: string, advice: string): Error =>
  new Error(`${what} is ${BEYOND}: ${advice}`);

/** Whether an error is one that {@link beyond} made. */
export const isBeyond = (error: unknown): error is Error =>
  error instanceof Error && error.message.includes(BEYOND);

/** What could not be computed, as {@link beyond} was told it. */
export const whatIsBeyond = ({ message }: Error): string =>
  message.slice(0, message.indexOf(BEYOND) + BEYOND.length);

/** Whether all of these are numbers, none of them infinite. */
export function areFinite(values: Float32Array | Float64Array): boolean {
  // 0 · x is 0 for every finite x and NaN for the others, and a sum is faster than a branch each.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += 0 * values[i];
  return sum === 0;
}

/**
 * The model's log-probabilities [n] as they are, where all are finite.
 *
 * @throws {@link beyond}
 */
export function finiteOutput(values: Float32Array): Float32Array {
  if (areFinite(values)) return values;
  throw beyond(
    "the model's output",
    "switch off the edits that are on, or load the model again, at f32 if it is not",
  );
}
