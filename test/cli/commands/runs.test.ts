import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { readNpz } from "../../../src/data/archive/npz.ts";
import { deltaDigest } from "../../../src/data/delta/digest.ts";
import { writeDelta } from "../../../src/data/delta/deltaFile.ts";
import { editFile } from "../../../src/data/run/command.ts";
import { writeRuns } from "../../../src/data/run/runsZip.ts";
import { call, callJson, folderTest as test } from "../../support/call.ts";
import { aScore, aTrace, delta, trace } from "../../support/runs.ts";

test("a zip of the page's runs is listed, unpacked, repeated and compared", async ({ folder }) => {
  const digest = await deltaDigest(delta);
  const edits = [{ id: "a", title: "Toy", digest, strength: 1 }];
  const other = aTrace({ edits }, "ffff0000ffff");
  other.result = {
    kind: "trace",
    traces: [trace({ scores: Float32Array.of(0.5, 0.5, NaN, NaN, 0.125, 0.25), lowScore: 0.25 })],
  };
  const runs = [aTrace(), other, aScore()];
  const zip = join(folder, "runs.zip");
  await writeFile(zip, writeRuns({ runs, edits: new Map([[digest, writeDelta(delta)]]) }));
  const listed = await callJson<{ kind: string; number: number }[]>("runs", "--zip", zip);
  expect(listed.map(({ number, kind }) => [number, kind])).toEqual([
    [1, "trace"],
    [2, "trace"],
    [3, "score"],
  ]);
  const out = join(folder, "out");
  expect((await call("runs", "--zip", zip, "--out", out)).status).toBe(0);
  const npz = await readFile(join(out, "1-trace-the-tower-river/state.npz"));
  expect(Array.from(readNpz(new Uint8Array(npz)).scores.data as Float32Array)).toEqual(
    Array.from(trace().scores),
  );
  expect(existsSync(join(out, editFile(digest)))).toBe(true);
  const { out: commands } = await call("runs", "--zip", zip, "--commands");
  expect(commands).toContain(`--delta ${editFile(digest)} --kind state`);
  type Compared = { measures: { label: string; a: number }[]; traces: { scores: number[] }[] };
  const { measures, traces } = await callJson<Compared>("runs", "--zip", zip, "--compare", "1,2");
  expect(measures[1]).toEqual({ label: "p corrupted", a: 0.125, b: 0.25 });
  expect(traces[0].scores).toEqual([-0.125, 0.125, null, null, 0.125, 0.25]);
  const wrong = await call("runs", "--zip", zip, "--compare", "1,4");
  expect([wrong.status, wrong.err]).toEqual([2, expect.stringContaining("from 1 to 3")]);
});
