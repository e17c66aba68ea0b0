import { csvText } from "../csvText.ts";
import { runLines } from "../figure/FigureAbout.ts";
import type { RunContext } from "../run/RunContext.ts";
import type { Trace } from "./Trace.ts";

/**
 * A trace's scores as CSV: a header of layers, then one line per token; empty where none was traced.
 *
 * @param run what it is of, which stands above in lines that begin with "#"
 */
export function traceCsv(
  trace: Pick<Trace, "spellings" | "subjectRange" | "layers" | "scores">,
  run?: RunContext,
): string {
  const { spellings, subjectRange, layers, scores } = trace;
  const quote = (text: string) => `"${csvText(text).replaceAll('"', '""')}"`;
  const header = ["token", "subject", ...Array.from({ length: layers }, (_, l) => `layer ${l}`)];
  const rows = spellings.map((text, token) => {
    const inside = token >= subjectRange[0] && token < subjectRange[1];
    const row = Array.from(scores.subarray(token * layers, (token + 1) * layers));
    return [quote(text), inside ? 1 : 0, ...row.map((x) => (Number.isNaN(x) ? "" : x))].join(",");
  });
  const about = run ? runLines(run).map(([name, value]) => `# ${name}: ${oneLine(value)}`) : [];
  return [...about, header.join(","), ...rows].join("\r\n") + "\r\n";
}

const oneLine = (text: string): string => text.replaceAll(/[\r\n]+/g, " ");
