import { Inflate } from "fflate";

// One push of this many packed bytes unpacks to at most 16 MB.
const PIECE = 2 ** 14;

/**
 * A deflate stream, unpacked piece by piece, so that one that holds more than it should is left as soon as it does.
 *
 * @param chunks the packed bytes
 * @param size how many bytes they should unpack to
 * @param damaged the error for a stream that cannot be unpacked, or unpacks to more
 */
export class Inflater {
  readonly #inflate = new Inflate((piece) => this.#take(piece));
  readonly #damaged: () => Error;
  #left: number;
  #pieces: Uint8Array[] = [];

  constructor(size: number, damaged: () => Error) {
    this.#left = size;
    this.#damaged = damaged;
  }

  /** What these packed bytes unpack to. */
  *push(packed: Uint8Array): Generator<Uint8Array> {
    for (let at = 0; at < packed.length; at += PIECE) {
      this.#push(packed.subarray(at, at + PIECE));
      const pieces = this.#pieces;
      this.#pieces = [];
      yield* pieces;
    }
  }

  #push(packed: Uint8Array): void {
    try {
      this.#inflate.push(packed);
    } catch {
      throw this.#damaged();
    }
    if (this.#left < 0) throw this.#damaged();
  }

  #take(piece: Uint8Array): void {
    this.#left -= piece.length;
    if (piece.length > 0) this.#pieces.push(piece);
  }
}
