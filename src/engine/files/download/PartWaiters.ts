type Bytes = Uint8Array<ArrayBuffer>;

interface Waiter {
  promise: Promise<Bytes>;
  resolve(bytes: Bytes): void;
  reject(reason: unknown): void;
}

/** Those who wait for parts of a file that are on their way. */
export class PartWaiters {
  readonly #waiting = new Map<number, Waiter>();

  has(index: number): boolean {
    return this.#waiting.has(index);
  }

  /** The parts that are waited for. */
  indices(): number[] {
    return [...this.#waiting.keys()];
  }

  /** Resolves when the part arrives. */
  wait(index: number): Promise<Bytes> {
    const known = this.#waiting.get(index);
    if (known) return known.promise;
    const waiter = {} as Waiter;
    waiter.promise = new Promise<Bytes>((resolve, reject) =>
      Object.assign(waiter, { resolve, reject }),
    );
    waiter.promise.catch(() => undefined); // who waits is told; nobody need be waiting any more
    this.#waiting.set(index, waiter);
    return waiter.promise;
  }

  arrive(index: number, bytes: Bytes): void {
    this.#waiting.get(index)?.resolve(bytes);
    this.#waiting.delete(index);
  }

  /** @returns whether anybody waited */
  fail(index: number, reason: unknown): boolean {
    this.#waiting.get(index)?.reject(reason);
    return this.#waiting.delete(index);
  }

  failAll(reason: unknown): void {
    for (const index of this.indices()) this.fail(index, reason);
  }
}
