const PRIME = 0x01000193;
const [FIRST, SECOND] = [0x811c9dc5, 0x9e3779b9];

/** 64 bits of a text in hexadecimal, FNV-1a from two beginnings over UTF-16 units: to tell texts apart, not to be safe against who wants two alike. */
export function textHash(text: string): string {
  let [a, b] = [FIRST, SECOND];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, PRIME);
    b = Math.imul(b ^ (unit + i), PRIME);
  }
  return [a, b].map((part) => (part >>> 0).toString(16).padStart(8, "0")).join("");
}
