import { scorePlot } from "../scorePlot.ts";

/** One covariance, and how the editor did with it. */
export interface SamplePoint {
  keys: number;
  /** keys / dMlp. */
  multiple: number;
  /** The largest condition number of the layers' C; infinite where one is singular. */
  condition: number;
  /** Fractions (METHODS 7.3); absent where there was no edit. */
  scores?: { ES: number; PS: number; NS: number; S: number };
  before?: { NS: number };
  /** Why there was none. */
  failure?: string | undefined;
}

/** The scores against the number of keys, as an SVG that reads on light and dark paper. */
export const samplesPlot = (
  points: SamplePoint[],
  { title, name, count }: { title: string; name: string; count: number },
): string =>
  scorePlot(
    points.map(({ multiple, scores }) => ({
      at: multiple,
      label: `${Number(multiple.toPrecision(2))}`,
      scores,
    })),
    {
      title: `${title} on ${name}, ${count} facts at once, by the keys in C`,
      axis: "keys / dMlp",
      logarithmic: true,
    },
  );
