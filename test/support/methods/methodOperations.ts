import { memit } from "../../../src/methods/edit/memit/memit.ts";
import { rome } from "../../../src/methods/edit/rome/rome.ts";
import { scoreCase } from "../../../src/methods/score/score.ts";
import type { LayerStatistics } from "../../../src/methods/statistics/statistics.ts";
import type { TraceKind } from "../../../src/data/trace/TraceRequest.ts";
import { trace } from "../../../src/methods/trace/trace.ts";
import type { Operation } from "../engine/interruptions.ts";

const request = { prompt: "{} is in the city of", subject: "The Louvre", target: " Rome" };
const search = {
  steps: 3,
  learningRate: 0.5,
  clamp: 4,
  weightDecay: 0.5,
  klFactor: 0.0625,
  factToken: "subject_last" as const,
};

const traced =
  (kind: TraceKind): Operation =>
  (model, signal) =>
    trace(
      model,
      {
        prompt: "{} is in the city of",
        subject: "The Louvre",
        kind,
        window: 2,
        samples: 2,
        noise: { kind: "sigma", factor: 3 },
        replace: false,
        seed: 1,
        tokens: [1, 3],
      },
      { signal },
    );

/** The whole of each method, small; without statistics C is the identity, and no facts are written together. */
export const methodOperations = (
  statistics?: readonly LayerStatistics[],
): Record<string, Operation> => ({
  "a trace of states": traced("state"),
  "a trace of MLPs": traced("mlp"),
  "a one-fact edit": (model, signal) =>
    rome(
      model,
      request,
      {
        ...search,
        layer: 1,
        keyMode: "code",
        covariance: statistics ? "C" : "I",
        contextLengths: [[2, 1]],
      },
      { ...(statistics && { statistics: statistics[1] }), seed: 1, signal },
    ),
  ...(statistics && {
    "a many-fact edit": (model, signal) =>
      memit(
        model,
        [request, { ...request, subject: "Big Ben", target: " Oslo" }],
        { ...search, layers: [0, 1], lambda: 100 },
        {
          statistics: (layer) => Promise.resolve(statistics[layer]),
          contexts: ["{}", "So {}"],
          seed: 1,
          signal,
        },
      ),
  }),
  "a score": (model, signal) =>
    scoreCase(
      model,
      {
        id: 1,
        prompt: request.prompt,
        subject: request.subject,
        targetNew: " Rome",
        targetTrue: " Paris",
        paraphrases: ["One finds The Louvre in"],
        neighbours: ["Big Ben is in"],
        generationPrompts: [],
      },
      { signal },
    ),
});
