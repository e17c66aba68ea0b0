/** A part of an address without its percent escapes; one that has others than UTF-8's stays as it is. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
