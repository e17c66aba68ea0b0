/** A file of a table as text. */
export interface TableText {
  text: string;
  /** How it was read, where that is a guess: a sentence. */
  notice?: string | undefined;
}

/**
 * The text of a table's file: UTF-8, UTF-16 by its mark, as spreadsheets save "Unicode text"; what is neither is read as
 * Windows-1252, as spreadsheets of Western systems save CSV, and said.
 */
export function tableText(bytes: Uint8Array): TableText {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return { text: decode(bytes, "utf-16le") };
  if (first === 0xfe && second === 0xff) return { text: decode(bytes, "utf-16be") };
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    return {
      text: decode(bytes, "windows-1252"),
      notice: "the file is not UTF-8 and was read as Windows-1252; look at letters with accents",
    };
  }
}

const decode = (bytes: Uint8Array, encoding: string) => new TextDecoder(encoding).decode(bytes);
