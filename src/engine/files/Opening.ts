import type { Connection } from "./download/Answer.ts";
import type { KeptParts } from "./download/KeptParts.ts";

/** What opening a model starts from. */
export interface Opening {
  base: string;
  kept: KeptParts;
  connection: Connection;
  /** Milliseconds since 1970. */
  now: number;
}
