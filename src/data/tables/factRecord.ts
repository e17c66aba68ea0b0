import { caseRecord } from "../facts/caseRecord.ts";
import type { TableFact } from "./TableFact.ts";

/** A fact of a table as a file has it, which readTable reads back: with its true answer a CounterFact record. */
export const factRecord = ({ prompt, subject, target, case: known }: TableFact): object =>
  known ? caseRecord(known) : { prompt, subject, target };
