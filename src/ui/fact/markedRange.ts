/** Characters `[begin, end)` of the prompt that are the subject. */
export interface Range {
  begin: number;
  end: number;
}

/**
 * Where a marked range lies after the text was typed in: it moves with the words around it, and
 * grows and shrinks with what is typed inside it, so that typing over a marked subject renames it.
 * Null when more than the range was replaced: the mark went with the text it stood on.
 */
export function reviseRange(before: string, after: string, range: Range): Range | null {
  const { begin, end } = range;
  const change = changeBetween(before, after);
  const grown = change.added - (change.end - change.begin);
  if (change.end < begin || (change.end === begin && begin < end))
    return { begin: begin + grown, end: end + grown };
  if (change.begin > end || (change.begin === end && change.end > end)) return range;
  if (change.begin < begin || change.end > end) return null;
  return { begin, end: end + grown };
}

/** The one stretch `[begin, end)` of `before` that was replaced by `added` characters. */
function changeBetween(before: string, after: string) {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  return { begin: head, end: before.length - tail, added: after.length - head - tail };
}

/** The range without the white space at its ends; empty where there was nothing else. */
export function trimRange(text: string, { begin, end }: Range): Range {
  while (begin < end && /\s/.test(text[begin])) begin++;
  while (end > begin && /\s/.test(text[end - 1])) end--;
  return { begin, end };
}

/** Every place where the subject occurs in the prompt, left to right. */
export function occurrences(prompt: string, subject: string): Range[] {
  const found: Range[] = [];
  if (!subject) return found;
  for (let at = prompt.indexOf(subject); at >= 0; at = prompt.indexOf(subject, at + 1))
    found.push({ begin: at, end: at + subject.length });
  return found;
}
