/**
 * Splits English text into words and punctuation much as NLTK's `word_tokenize` does (METHODS 7.4):
 * punctuation stands alone, "don't" is do n't, "Anna's" is Anna 's, 1,000 and 3.5 and U.S. stay whole, and
 * a full stop is split off at a sentence's end. What differs: sentences end at . ! ? before a space and a
 * capital, where NLTK asks a trained model for abbreviations; all double quotes become `"`; and rare
 * contractions (gonna, 'tis) stay whole.
 */
export function words(text: string): string[] {
  return sentences(text).flatMap(sentenceWords);
}

function sentences(text: string): string[] {
  return text.split(/(?<=[.!?]["”’')\]]*)\s+(?=["“‘'([]*\p{Lu})/u).filter((s) => s.trim() !== "");
}

/** Ellipses, dashes and punctuation first; then runs of other letters, in which : and , may stand before digits. */
const pieces =
  /\.{2,}|--|[;@#$%&?!*()[\]{}<>"“”„«»`‘’]|[:,](?!\d)|(?:[^\s;@#$%&?!*()[\]{}<>"“”„«»`‘’:,]|[:,](?=\d))+/gu;

function sentenceWords(sentence: string): string[] {
  const found = splitLastStop(sentence.match(pieces) ?? []);
  return found.flatMap(splitPiece).map((word) => (/^[“”„«»]$/u.test(word) ? '"' : word));
}

/** The full stop that ends a sentence is a word of its own, also before closing quotes and brackets. */
function splitLastStop(found: string[]): string[] {
  let last = found.length - 1;
  while (last > 0 && /^["”’)\]}>]$/u.test(found[last])) last--;
  const match = /^(.*[^.])\.$/su.exec(found[last] ?? "");
  return match ? [...found.slice(0, last), match[1], ".", ...found.slice(last + 1)] : found;
}

/** Inner ellipses and dashes, then clitics: n't, 's, 'll, 're, 've, 'm, 'd. */
function splitPiece(piece: string): string[] {
  return piece
    .split(/(\.{2,}|--)/u)
    .filter((part) => part !== "")
    .flatMap((part) => {
      const clitic = /^(.+?)(n't|'(?:s|m|d|ll|re|ve)|')$/iu.exec(part);
      return clitic ? [clitic[1], clitic[2]] : [part];
    });
}
