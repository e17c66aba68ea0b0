type Bytes = Uint8Array<ArrayBuffer>;

/**
 * The few parts that came last, so that neighbouring tensors do not read theirs twice. What came first goes first: were
 * it what was used least recently, parts fetched ahead would go before those already read.
 */
export class PartWindow {
  readonly #capacity: number;
  readonly #parts = new Map<object, Map<number, Bytes>>();
  #order: { file: object; index: number }[] = [];

  /** @param capacity in parts */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  has(file: object, index: number): boolean {
    return this.#parts.get(file)?.has(index) ?? false;
  }

  get(file: object, index: number): Bytes | undefined {
    return this.#parts.get(file)?.get(index);
  }

  set(file: object, index: number, bytes: Bytes): void {
    this.#order = this.#order.filter((part) => part.file !== file || part.index !== index);
    this.#order.push({ file, index });
    const parts = this.#parts.get(file) ?? new Map<number, Bytes>();
    this.#parts.set(file, parts.set(index, bytes));
    if (this.#order.length <= this.#capacity) return;
    const oldest = this.#order.shift()!;
    this.#parts.get(oldest.file)?.delete(oldest.index);
  }

  /** Forgets all parts of a file. */
  drop(file: object): void {
    this.#order = this.#order.filter((part) => part.file !== file);
    this.#parts.delete(file);
  }
}
