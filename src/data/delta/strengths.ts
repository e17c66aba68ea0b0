/** How much of an edit may be laid on: none of it, to half as much again. */
export const strengths = { min: 0, max: 1.5 } as const;

/** @throws a sentence for a strength that is no number, or out of {@link strengths} */
export function checkStrength(strength: number): void {
  const { min, max } = strengths;
  if (strength >= min && strength <= max) return;
  throw new Error(`invalid strength: ${strength} (a number from ${min} to ${max})`);
}
