/** A label in the middle of a sentence: "weight decay", but "KL factor". */
export const labelInSentence = (label: string): string =>
  /^\p{Lu}\p{Lu}/u.test(label) ? label : label[0].toLowerCase() + label.slice(1);
