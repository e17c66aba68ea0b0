import type { Answer } from "./Answer.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A file as a server's whole answer fills it. */
export interface WholeTaker {
  readonly count: number;
  readonly facts: { size: number };
  /** Bytes of a part. */
  length(index: number): number;
  has(index: number): boolean;
  refuse(index: number, bytes: Bytes): Promise<Error | undefined>;
  arrive(index: number, bytes: Bytes): Promise<void>;
  /** Resolves when the next part may come; false where somebody waits for one that has passed. */
  ready(index: number): Promise<boolean>;
}

/**
 * Cuts the answer of a server that ignores ranges into parts.
 *
 * @returns the parts that were not there before, one by one
 * @throws where the connection is lost, or the parts are refused
 */
export async function* takeWhole(answer: Answer, file: WholeTaker): AsyncGenerator<number> {
  const body = cutter(answer);
  for (let index = 0; index < file.count; index++) {
    const bytes = await body(file.length(index));
    if (!bytes) return;
    if (!file.has(index)) {
      const refused = await file.refuse(index, bytes);
      if (refused) throw refused;
      await file.arrive(index, bytes);
      yield index;
    }
    if (!(await file.ready(index))) return;
  }
}

/** Reads exactly so many bytes at a time; undefined where the body ends before. */
function cutter(answer: Answer): (length: number) => Promise<Bytes | undefined> {
  let rest: Uint8Array = new Uint8Array();
  return async (length) => {
    const bytes = new Uint8Array(length);
    let at = 0;
    while (at < length) {
      if (rest.length === 0) {
        const chunk = await answer.next();
        if (!chunk) return undefined;
        rest = chunk;
      }
      const take = Math.min(rest.length, length - at);
      bytes.set(rest.subarray(0, take), at);
      rest = rest.subarray(take);
      at += take;
    }
    return bytes;
  };
}
