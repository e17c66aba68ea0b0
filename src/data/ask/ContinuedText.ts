/** A token that could have come, and the model's own probability of it: before temperature and top k. */
export interface TokenChance {
  id: number;
  /** As a reader sees it; one that is not whole UTF-8 is written as its bytes, `⟨C3⟩`. */
  text: string;
  probability: number;
}

/** A token of a continuation. */
export interface ContinuedToken extends TokenChance {
  /** Its bytes, where they are not whole UTF-8 by themselves: see {@link piecesOf}. */
  bytes?: number[] | undefined;
  /** The likeliest in its place, itself among them or not, likeliest first. */
  likeliest: TokenChance[];
}

/** How a model went on from a text. */
export interface ContinuedText {
  prompt: string;
  tokens: ContinuedToken[];
  /** Why it ends: as many tokens as were asked for, the model's own end of a text, or of what it can read. */
  end: "length" | "end of text" | "context";
}

/** Tokens that are text together: one, or those that a character is split over. */
export interface Piece {
  text: string;
  /** Where its tokens are among all: the first, and the one after the last. */
  begin: number;
  end: number;
}

/**
 * A continuation's tokens as pieces of text. Tokens that share a character stand together; bytes that are no character
 * stand as such, `⟨C3⟩`, each token by itself.
 */
export function piecesOf(tokens: readonly Pick<ContinuedToken, "text" | "bytes">[]): Piece[] {
  const pieces: Piece[] = [];
  for (let begin = 0; begin < tokens.length;) {
    const piece = joined(tokens, begin) ?? { text: tokens[begin].text, begin, end: begin + 1 };
    pieces.push(piece);
    begin = piece.end;
  }
  return pieces;
}

/** A continuation as text, without its prompt. */
export const textOf = (tokens: readonly Pick<ContinuedToken, "text" | "bytes">[]): string =>
  piecesOf(tokens)
    .map(({ text }) => text)
    .join("");

/** The shortest run of split tokens from here on that is whole; a character has at most four bytes. */
function joined(
  tokens: readonly Pick<ContinuedToken, "bytes">[],
  begin: number,
): Piece | undefined {
  let bytes: number[] = [];
  for (let end = begin; end < tokens.length && end < begin + 4; end++) {
    const more = tokens[end].bytes;
    if (!more) return undefined;
    bytes = [...bytes, ...more];
    try {
      const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
        Uint8Array.from(bytes),
      );
      return { text, begin, end: end + 1 };
    } catch {
      // Not whole yet.
    }
  }
  return undefined;
}
