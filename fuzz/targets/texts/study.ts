import { parseJson } from "../../../src/data/outside/readJson.ts";
import { differences, readAbout, studyAbout } from "../../../src/studies/StudyAbout.ts";
import { mutateJsonBytes } from "../../mutate/json.ts";
import { jsonFile } from "../../seeds.ts";
import type { Target } from "../../Target.ts";

const file = "study.json";
const digest = "ab".repeat(32);

const about = studyAbout(
  {
    study: "mass",
    model: "demo",
    revision: "1",
    stamp: digest,
    precision: "f32",
    settings: { counts: [1, 10] },
    methods: [{ name: "rome", title: "ROME", settings: { layer: 2 } }],
    statistics: "as shipped",
    contexts: ["{}"],
    seed: 0,
    cases: { file: "cases.json", digest, count: 20 },
    inputs: { facts: { file: "facts.json", digest } },
    app: "palimpsest 0.1.0",
    date: "2026-11-01T10:00:00Z",
    device: "cpu",
  },
  { cases: [0, 1, 5], others: { neutral: [7] }, filters: [{ name: "known", in: 20, out: 4 }] },
);

/** What a study's rows are of. */
export const target: Target = {
  name: "study",
  file,
  seeds: () => [jsonFile(about)],
  mutate: mutateJsonBytes,
  read: (bytes) => differences(readAbout(parseJson(bytes, file), file), about),
};
