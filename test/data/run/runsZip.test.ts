import { expect, test } from "vitest";
import { readNpz } from "../../../src/data/archive/npz.ts";
import { readZip, writeZip } from "../../../src/data/archive/zip.ts";
import { parseCases } from "../../../src/data/facts/facts.ts";
import { deltaDigest } from "../../../src/data/delta/digest.ts";
import { readDelta, writeDelta } from "../../../src/data/delta/deltaFile.ts";
import { editFile } from "../../../src/data/run/command.ts";
import { readRun, writeRun } from "../../../src/data/run/runJson.ts";
import { readRuns, writeRuns } from "../../../src/data/run/runsZip.ts";
import { aScore, aTrace, context, delta, scored } from "../../support/runs.ts";

const edits = async () => new Map([[await deltaDigest(delta), writeDelta(delta)]]);
const on = async () => ({
  id: "a",
  title: "Toy: The tower, the river",
  digest: await deltaDigest(delta),
  strength: 1,
});

test("a run comes back from its text number by number; what is no number too", () => {
  for (const run of [aTrace(), aScore()]) expect(readRun(writeRun(run), "run.json")).toEqual(run);
  expect(scored.before.measures.PS).toBeNaN();
});

test("a zip of runs holds what the terminal writes, and is read back with the edits they stand on", async () => {
  const traced = aTrace({ edits: [await on()] });
  const bytes = writeRuns({ runs: [traced, aScore()], edits: await edits() });
  const members = readZip(bytes);
  expect([...members.keys()]).toEqual([
    "runs.json",
    "1-trace-the-tower-river/run.json",
    "1-trace-the-tower-river/state.npz",
    "1-trace-the-tower-river/state.csv",
    "1-trace-the-tower-river/command.sh",
    editFile(await deltaDigest(delta)),
    "2-score-the-tower-the-river/run.json",
    "2-score-the-tower-the-river/case.json",
    "2-score-the-tower-the-river/scores.json",
    "2-score-the-tower-the-river/command.sh",
  ]);
  const { scores } = readNpz(members.get("1-trace-the-tower-river/state.npz")!);
  const { result } = traced;
  expect(scores.data).toEqual(result.kind === "trace" && result.traces[0].scores);
  const text = (name: string) => new TextDecoder().decode(members.get(name));
  expect(parseCases(JSON.parse(text("2-score-the-tower-the-river/case.json")))).toMatchObject([
    { targetNew: "the river", neighbours: ["The bridge is in"] },
  ]);
  const read = await readRuns(bytes, "runs.zip");
  expect(read.refused).toEqual([]);
  expect(read.runs).toEqual([traced, aScore()]);
  const [[digest, kept]] = [...read.edits];
  expect(await deltaDigest(readDelta(kept))).toBe(digest);
});

test("what is damaged in a zip of runs is named, and the rest is read", async () => {
  const bytes = writeRuns({ runs: [aTrace(), aScore()], edits: await edits() });
  const members = Object.fromEntries(readZip(bytes));
  members["1-trace-the-tower-river/run.json"] = new TextEncoder().encode('{"format":"other"}');
  members["edits/a.safetensors"] = new Uint8Array(3);
  const { runs, refused } = await readRuns(writeZip(members), "runs.zip");
  expect(runs).toEqual([aScore()]);
  expect(refused).toEqual([
    '1-trace-the-tower-river/run.json: "format" is "other", expected palimpsest.run',
    expect.stringContaining("edits/a.safetensors"),
  ]);
  await expect(readRuns(writeZip({}), "a.zip")).rejects.toThrow(
    "a.zip holds no runs: it has no runs.json",
  );
});

test.each([
  ["version", 2, '"version" is 2, expected 1; update Palimpsest'],
  ["id", "../x", "expected 8 to 40 letters and digits"],
  ["result", { kind: "dream" }, '"result.kind" is "dream"'],
  ["context", { ...context(), edits: "all" }, '"edits" is "all", expected a list'],
])("a run whose %s is %j is refused", (field, value, sentence) => {
  const plain = JSON.parse(writeRun(aTrace())) as object;
  const text = JSON.stringify({ ...plain, [field]: value });
  expect(() => readRun(text, "run.json")).toThrow(sentence);
});
