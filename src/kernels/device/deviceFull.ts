/** The sentence for a graphics device that has no memory for something: "attention.scores (4096 bytes)". */
export const deviceFull = (what: string): string =>
  `not enough memory on the graphics device for ${what}; close other tabs, or choose a smaller model or precision`;
