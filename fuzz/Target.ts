import type { Random } from "./Random.ts";

/** A reader of files from outside, as the fuzzer tries it; one a file in targets/, found by its folder. */
export interface Target {
  /** In the table. */
  name: string;
  /** What the reader is told the file is called; every sentence must name it. Absent: the target's name. */
  file?: string;
  /** Good files to begin with. */
  seeds(): Uint8Array[] | Promise<Uint8Array[]>;
  /** A file with some faults, mostly by its structure; absent: bytes are changed blindly. */
  mutate?(seed: Uint8Array, random: Random): Uint8Array;
  /** Reads a file; throws one sentence, or rejects with it, where it refuses. */
  read(bytes: Uint8Array): unknown;
  /** Throws where the format's own reference reader refuses: written apart from the reader, rule by rule. */
  strict?(bytes: Uint8Array): unknown;
}
