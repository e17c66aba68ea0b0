import { csvText } from "../csvText.ts";
import type { Trace } from "./Trace.ts";

/** A trace's scores as CSV: a header of layers, then one line per token; empty where none was traced. */
export function traceCsv(
  trace: Pick<Trace, "spellings" | "subjectRange" | "layers" | "scores">,
): string {
  const { spellings, subjectRange, layers, scores } = trace;
  const quote = (text: string) => `"${csvText(text).replaceAll('"', '""')}"`;
  const header = ["token", "subject", ...Array.from({ length: layers }, (_, l) => `layer ${l}`)];
  const rows = spellings.map((text, token) => {
    const inside = token >= subjectRange[0] && token < subjectRange[1];
    const row = Array.from(scores.subarray(token * layers, (token + 1) * layers));
    return [quote(text), inside ? 1 : 0, ...row.map((x) => (Number.isNaN(x) ? "" : x))].join(",");
  });
  return [header.join(","), ...rows].join("\r\n") + "\r\n";
}
