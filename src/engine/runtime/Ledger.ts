import type { Tensor } from "onnxruntime-common";

/** The element types of tensors that are kept here, and their bytes. */
export const elementBytes = { float32: 4, float16: 2, uint8: 1 } as const;
export type ElementType = keyof typeof elementBytes;

/** Bytes and number of the tensors made here and not yet released. */
export interface LedgerView {
  bytes: number;
  tensors: number;
}

/** The bytes of a tensor's numbers. */
export const tensorBytes = ({ type, size }: Pick<Tensor, "type" | "size">): number =>
  (elementBytes[type as ElementType] ?? 4) * size;

/**
 * Counts the tensors that are live, and knows which work made them: what work in a {@link frame} leaves behind when it
 * fails or is stopped is released, so that no step on the way needs to.
 *
 * Frames lie in one another as calls do. Work on one memory goes one after the other; frames that overlap are refused,
 * for what is made in both could not be told apart.
 */
export abstract class Ledger {
  readonly ledger: LedgerView = { bytes: 0, tensors: 0 };
  #peak = 0;
  #live = new Set<Tensor>();
  #frames: Set<Tensor>[] = [];

  /** The most bytes that the ledger has had. */
  get peak(): number {
    return this.#peak;
  }

  /** Counts in an output that a session made, so that its release balances. */
  adopt(tensor: Tensor): Tensor {
    if (this.#live.has(tensor)) return tensor;
    this.#live.add(tensor);
    this.#frames.at(-1)?.add(tensor);
    this.ledger.bytes += tensorBytes(tensor);
    this.#peak = Math.max(this.#peak, this.ledger.bytes);
    this.ledger.tensors++;
    return tensor;
  }

  /**
   * Does work; where it throws, what was made within is released. What it leaves behind when it succeeds belongs to the
   * frame around this one, or to the caller where there is none.
   *
   * @throws what the work throws; where other work on this memory began within and is not over
   */
  async frame<T>(work: () => Promise<T>): Promise<T> {
    const own = new Set<Tensor>();
    this.#frames.push(own);
    try {
      const result = await work();
      if (this.#frames.at(-1) !== own) throw new Error(OVERLAP);
      const outer = this.#frames.at(-2);
      if (outer) for (const tensor of own) outer.add(tensor);
      return result;
    } catch (error) {
      for (const tensor of own) this.#drop(tensor);
      throw error;
    } finally {
      this.#frames.splice(this.#frames.indexOf(own), 1);
    }
  }

  /** Takes a tensor out of all frames: it outlives the work that made it, until it is released. */
  keep(tensor: Tensor): Tensor {
    for (const frame of this.#frames) frame.delete(tensor);
    return tensor;
  }

  abstract release(tensor: Tensor): void;

  /** Releases everything. */
  clear(): void {
    for (const tensor of this.#live) this.release(tensor);
  }

  /** Counts a tensor out; false where it was not live. */
  protected forget(tensor: Tensor): boolean {
    if (!this.#live.delete(tensor)) return false;
    this.keep(tensor);
    this.ledger.bytes -= tensorBytes(tensor);
    this.ledger.tensors--;
    return true;
  }

  #drop(tensor: Tensor): void {
    try {
      this.release(tensor);
    } catch {
      // A lost device has freed it; what the work threw says so.
    }
  }
}

const OVERLAP =
  "two runs of one model overlapped, so their memory can't be told apart; await one before the next begins";
