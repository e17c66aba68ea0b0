import { expect, test } from "vitest";
import { deltaDigest } from "../../../src/data/delta/digest.ts";
import { bounds } from "../../../src/data/outside/bounds.ts";
import { linkedEditsText, readLinkedEdits } from "../../../src/data/run/linkedEdits.ts";
import { linkedRunsText, readLinkedRuns } from "../../../src/data/run/linkedRuns.ts";
import { packDelta, unpackDelta } from "../../../src/data/run/packedDelta.ts";
import { delta } from "../../support/runs.ts";

const rankOne = (size: number) => {
  const [weight] = delta.weights;
  const u = Float32Array.from({ length: size }, (_, i) => Math.sin(i) / (1 + i));
  return { ...delta, weights: [{ ...weight, change: { rank: 1, u, v: Float32Array.of(1, 2) } }] };
};

test("an edit of one direction comes back from a link with its numbers and its provenance", async () => {
  const packed = packDelta(delta)!;
  expect(packed).toMatch(/^[\w-]+$/);
  const back = unpackDelta(packed);
  expect(back).toMatchObject({ provenance: delta.provenance, weights: delta.weights });
  expect(await deltaDigest(back)).toBe(await deltaDigest(delta));
  // As one of GPT-2 XL: 6,400 and 1,600 numbers.
  expect(packDelta(rankOne(8000))!.length).toBeLessThan(bounds.linkedEdit);
});

test("an edit of several directions, or too long for a link, is a file beside it", () => {
  const change = { rank: 2, u: new Float32Array(6), v: new Float32Array(4) };
  expect(packDelta({ ...delta, weights: [{ ...delta.weights[0], change }] })).toBeUndefined();
  expect(packDelta(rankOne(20_000))).toBeUndefined();
});

test("what is no edit of a link is refused with a sentence", () => {
  const packed = packDelta(delta)!;
  const refused = [
    "",
    "!",
    packed.slice(0, 40),
    packed.slice(4),
    `${packed.slice(0, 30)}AAAA${packed.slice(34)}`,
    "A".repeat(bounds.linkedEdit + 1),
    // 100 kB of zeros.
    "7cEBDQAAAMKg909tDwcUAAAAAAAA",
  ];
  for (const text of refused) expect(() => unpackDelta(text)).toThrow(/^the edit in the link/);
});

test("edits are named by digest and file; each once, and nothing else", () => {
  const digest = "ab".repeat(32);
  const edits = [
    { digest, strength: -0.25, file: "rome-the-space-needle-zürich.safetensors", packed: "abc-_" },
    { digest: "cd".repeat(32), strength: undefined, file: "memit.safetensors", packed: undefined },
  ];
  expect(readLinkedEdits(linkedEditsText(edits))).toEqual(edits);
  expect(readLinkedEdits("")).toEqual([]);
  expect(readLinkedEdits(`${digest}:a,${digest}:b`)).toHaveLength(1);
  for (const text of ["x", `${digest}`, `${digest}:../a b`, `${digest}:a:b c`, ","])
    expect(() => readLinkedEdits(text)).toThrow(/edits of the link are damaged/);
  expect(() => readLinkedEdits("a".repeat(bounds.link + 1))).toThrow(/refused: they have/);
});

test("results are named by kind and id, and what names none is left out", () => {
  const runs = [
    { kind: "trace", id: "abcd1234abcd" },
    { kind: "score", id: "00000000ffff" },
  ] as const;
  expect(readLinkedRuns(linkedRunsText(runs))).toEqual(runs);
  expect(readLinkedRuns("trace-../x,other-abcd1234,score-ABCD1234, ,trace-")).toEqual([]);
  expect(readLinkedRuns("trace-abcd1234,".repeat(100))).toHaveLength(8);
});
