import { readFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import type { NpyArray } from "../../../src/data/archive/npy.ts";
import { npyHeader } from "../../../src/data/archive/npy.ts";
import { readNpz, writeNpz } from "../../../src/data/archive/npz.ts";
import { blobSource, type ByteSource } from "../../../src/data/archive/npzStream.ts";
import { SymmetricTiles } from "../../../src/kernels/covariance/SymmetricTiles.ts";
import type { LayerStatistics } from "../../../src/methods/statistics/statistics.ts";
import {
  readStatistics,
  statisticsFileName,
  statisticsPieces,
} from "../../../src/methods/statistics/statisticsFile.ts";

const statistics: LayerStatistics = {
  layer: 17,
  dMlp: 2,
  count: 12,
  source: "wikipedia",
  sampleSize: 5,
  sum: SymmetricTiles.from(Float32Array.of(4, 1, 1, 3), 2),
};
const about = { layer: 17, source: "wikipedia" };
const bytesOf = (from: LayerStatistics) =>
  new Uint8Array(Buffer.concat([...statisticsPieces(from)]));
const read = (bytes: Uint8Array, more = {}) =>
  readStatistics(blobSource(new Blob([bytes as Uint8Array<ArrayBuffer>])), { ...about, ...more });
const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../data/fixtures/${name}`, import.meta.url)));

test("statistics survive a file in the authors' form", async () => {
  const bytes = bytesOf(statistics);
  const arrays = readNpz(bytes);
  expect(arrays["mom2.count"]).toMatchObject({ shape: [], dtype: "i8" });
  expect(arrays["mom2.mom2"]).toMatchObject({ shape: [2, 2], dtype: "f4" });
  expect(await read(bytes)).toEqual(statistics);
});

test("without a sample size the file holds the authors' boxed null", async () => {
  const { sampleSize, ...all } = statistics;
  expect(sampleSize).toBe(5);
  const bytes = bytesOf(all);
  const box = readNpz(bytes).sample_size.data as Float64Array;
  expect(new BigUint64Array(box.buffer)[0]).toBe(0xfff8000000000002n);
  expect(await read(bytes)).toEqual(all);
});

test.each([
  ["moment_stored.npz", 40],
  ["moment_deflated.npz", 300],
])("%s, which NumPy wrote, is the matrix of make_npz.py", async (name, dMlp) => {
  const { sum, ...found } = await read(fixture(name));
  expect(found).toEqual({ ...about, dMlp, count: 44_000_000_123, sampleSize: 100_000 });
  const rows = Array.from({ length: dMlp }, (_, i) => sum.row(i));
  const entry = (i: number, j: number) => (i === j ? 900 : ((i * j) % 7) / 4);
  expect(rows.every((row, i) => row.every((value, j) => value === entry(i, j)))).toBe(true);
});

const python = ["python3", "/opt/venv/bin/python"].find(
  (path) => spawnSync(path, ["-c", "import numpy"]).status === 0,
);
test.skipIf(!python)("NumPy loads what is written, member by member", () => {
  const folder = mkdtempSync(join(tmpdir(), "palimpsest-"));
  try {
    const { sampleSize: _size, ...all } = statistics;
    writeFileSync(join(folder, "sampled.npz"), bytesOf(statistics));
    writeFileSync(join(folder, "all.npz"), bytesOf(all));
    const script = `
import numpy, json, zipfile
a, b = numpy.load("sampled.npz"), numpy.load("all.npz")
print(json.dumps([
  sorted(a.files), str(a["mom2.constructor"]), int(a["mom2.count"]), int(a["sample_size"]),
  a["mom2.mom2"].tolist(), str(a["mom2.mom2"].dtype), bool(a["mom2.mom2"].flags.c_contiguous),
  b["sample_size"].view(numpy.uint64).item(), zipfile.ZipFile("all.npz").testzip(),
]))`;
    const { stdout, stderr } = spawnSync(python!, ["-c", script], { cwd: folder });
    expect(String(stderr)).toBe("");
    expect(JSON.parse(String(stdout).replace("18444492273895866370", "0"))).toEqual([
      ["mom2.constructor", "mom2.count", "mom2.mom2", "sample_size"],
      "util.runningstats.SecondMoment()",
      12,
      5,
      [
        [4, 1],
        [1, 3],
      ],
      "float32",
      true,
      0,
      null, // the boxed null, which no number of JavaScript is
    ]);
    expect(String(stdout)).toContain("18444492273895866370");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const covariance = (shape: number[], data: number[]): NpyArray => ({
  shape,
  dtype: "f4",
  data: Float32Array.from(data),
});

describe("is refused with the reason:", () => {
  test.each<[string, string, NpyArray | undefined, string]>([
    ["a member missing", "mom2.mom2", undefined, 'has no "mom2.mom2"'],
    ["a matrix that is not square", "mom2.mom2", covariance([1, 2], [1, 2]), "a square matrix"],
    [
      "a count of zero",
      "mom2.count",
      covariance([], [0]),
      '"mom2.count" in the .npz file is no whole number above 0',
    ],
    ["a zero diagonal", "mom2.mom2", covariance([2, 2], [4, 0, 0, 0]), "diagonal element 1 is 0"],
    ["numbers that are not finite", "mom2.mom2", covariance([2, 2], [4, NaN, 0, 1]), "not finite"],
    [
      "a matrix that is not symmetric",
      "mom2.mom2",
      covariance([2, 2], [4, 1, -1, 3]),
      "not symmetric: element [0, 1] is 1 and [1, 0] is -1",
    ],
    [
      "integers",
      "mom2.mom2",
      { shape: [1, 1], dtype: "i4", data: Int32Array.of(1) },
      "holds i4; float32 or float64 is expected",
    ],
  ])("%s", async (_, name, array, message) => {
    const { [name]: removed, ...rest } = readNpz(bytesOf(statistics));
    expect(removed).toBeDefined();
    const arrays = array ? { ...rest, [name]: array } : rest;
    await expect(read(writeNpz(arrays))).rejects.toThrow(message);
  });

  test("another model's, before its matrix is read", async () => {
    const bytes = fixture("moment_stored.npz");
    const reads: number[] = [];
    const source: ByteSource = {
      size: bytes.length,
      read(begin, end) {
        reads.push(end - begin);
        return Promise.resolve(bytes.subarray(begin, end));
      },
    };
    await expect(readStatistics(source, { ...about, dMlp: 6400 })).rejects.toThrow(
      "these statistics are of keys with 40 numbers, but this model's have 6400; take those of this model",
    );
  });

  test("a pickled object", async () => {
    const arrays = readNpz(bytesOf(statistics));
    const members = Object.entries(writeMembers(arrays));
    const pickled = new TextDecoder("latin1").decode(members[2][1]).replace("'<f4'", "'|O' ");
    members[2][1] = Uint8Array.from(pickled, (c) => c.charCodeAt(0));
    await expect(read(zipSync(Object.fromEntries(members)))).rejects.toThrow(
      '"mom2.mom2" in the .npz file holds pickled Python objects, which are never loaded',
    );
  });

  test.each([0.1, 0.5, 0.95, 0.999])("a file of which only %d is there", async (share) => {
    const bytes = fixture("moment_stored.npz");
    await expect(read(bytes.subarray(0, share * bytes.length))).rejects.toThrow(
      "is cut short: it has no zip directory at its end; fetch it again",
    );
  });

  test("a file that changes while it is read", async () => {
    const bytes = fixture("moment_stored.npz");
    const source: ByteSource = {
      size: bytes.length,
      read: (begin, end) => Promise.resolve(bytes.subarray(begin, Math.min(end, 4000))),
    };
    await expect(readStatistics(source, about)).rejects.toThrow(/cut short|damaged/);
  });

  test.each([
    ["stored", 4000],
    ["deflated", 3000],
  ])("a damaged byte in a %s file", async (form, at) => {
    const bytes = Uint8Array.from(fixture(`moment_${form}.npz`));
    bytes[at] ^= 1;
    await expect(read(bytes)).rejects.toThrow(
      /is damaged: "mom2.mom2(.npy)?"|not symmetric|cannot be/,
    );
  });

  test("a zip bomb, by what its directory claims", async () => {
    const bytes = Uint8Array.from(fixture("moment_deflated.npz"));
    const data = new DataView(bytes.buffer);
    // The directory's entry of the matrix: its size is 24 bytes after its signature.
    for (let at = bytes.length - 46; at > 0; at--) {
      if (data.getUint32(at, true) !== 0x02014b50) continue;
      const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + 13));
      if (name === "mom2.mom2.npy") data.setUint32(at + 24, 2 ** 32 - 2, true);
    }
    await expect(read(bytes)).rejects.toThrow(
      /is refused: "mom2.mom2.npy" claims 4294967294 bytes from \d+ packed ones/,
    );
  });

  test("a scalar that unpacks to far more than a number", async () => {
    const arrays = readNpz(bytesOf(statistics));
    const many = { shape: [10 ** 6], dtype: "u1" as const, data: new Uint8Array(10 ** 6) };
    const bytes = zipSync(writeMembers({ ...arrays, "mom2.count": many }));
    await expect(read(bytes)).rejects.toThrow(
      '"mom2.count" in the .npz file has 1000128 bytes; a number is expected',
    );
  });

  test("a scalar that unpacks to more than its directory says", async () => {
    const arrays = readNpz(bytesOf(statistics));
    const many = { shape: [10 ** 6], dtype: "u1" as const, data: new Uint8Array(10 ** 6) };
    const bytes = zipSync(writeMembers({ ...arrays, "mom2.count": many }));
    const data = new DataView(bytes.buffer);
    for (let at = bytes.length - 46; at > 0; at--) {
      if (data.getUint32(at, true) === 0x02014b50 && data.getUint32(at + 24, true) === 1000128)
        data.setUint32(at + 24, 136, true);
    }
    await expect(read(bytes)).rejects.toThrow(
      'is damaged: "mom2.count.npy" does not unpack to its 136 bytes',
    );
  });
});

describe("no room is made for what a small file claims:", () => {
  const n = 2 ** 17;
  const count = covariance([], [5]);

  test("a matrix of 64 GB", async () => {
    const members = writeMembers({ "mom2.count": count, "mom2.mom2": covariance([1, 1], [1]) });
    members["mom2.mom2.npy"] = npyHeader("<f4", [n, n]);
    await expect(read(zipSync(members))).rejects.toThrow(
      '"mom2.mom2" in the .npz file is cut short: it needs',
    );
  });

  test.each([0, 1, 11, 4_000_000_000])("a header of %d bytes", async (length) => {
    const array = npyHeader("<f4", [n, n]);
    array[6] = 2; // lengths of four bytes
    new DataView(array.buffer).setUint32(8, length, true);
    const members = writeMembers({ "mom2.count": count });
    await expect(read(zipSync({ ...members, "mom2.mom2.npy": array }))).rejects.toThrow(
      /^"mom2\.mom2" in the \.npz file is (cut short: its header|refused: its header takes)/,
    );
  });

  test("a diagonal without its correlations", async () => {
    const arrays: Record<string, NpyArray> = {
      "mom2.count": count,
      "mom2.diagonal": { shape: [n], dtype: "f4", data: new Float32Array(n).fill(1) },
      "mom2.correlation": { shape: [3], dtype: "i2", data: new Int16Array(3) },
    };
    await expect(read(writeNpz(arrays))).rejects.toThrow(
      `"mom2.correlation" in the .npz file is not the ${(n * (n - 1)) / 2} int16`,
    );
  });
});

/** The members of an archive as fflate takes them. */
function writeMembers(arrays: Record<string, NpyArray>): Record<string, Uint8Array> {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, array]) => {
      const zip = writeNpz({ [name]: array });
      const begin = 30 + new DataView(zip.buffer, zip.byteOffset).getUint16(26, true);
      const size = new DataView(zip.buffer, zip.byteOffset).getUint32(18, true);
      return [`${name}.npy`, zip.slice(begin, begin + size)];
    }),
  );
}

test("130 MB are read a megabyte at a time, and written so again", async () => {
  const n = 5700;
  const sum = new SymmetricTiles(n);
  for (const [t, tile] of sum.tiles.entries()) tile.fill(0.25).fill(t % 9, 0, 300);
  // The two halves of a tile on the diagonal agree.
  for (let i = 0; i < n; i += 256) {
    for (let r = 0; r < 256; r++) {
      const tile = sum.tiles[((i / 256) * (i / 256 + 1)) / 2 + i / 256];
      for (let c = 0; c < 256; c++) tile[r * 256 + c] = r === c ? 50 : 0.5;
    }
  }
  const large: LayerStatistics = { ...about, dMlp: n, count: 9, sum };
  let [size, longest] = [0, 0];
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (const piece of statisticsPieces(large)) {
    size += piece.length;
    longest = Math.max(longest, piece.length);
    pieces.push(piece as Uint8Array<ArrayBuffer>);
  }
  expect(size).toBeGreaterThan(4 * n * n);
  expect(longest).toBe(4 * n);
  const file = new Blob(pieces);
  const reads: number[] = [];
  const found = await readStatistics(
    {
      size: file.size,
      read(begin, end) {
        reads.push(end - begin);
        return blobSource(file).read(begin, end);
      },
    },
    about,
  );
  expect(Math.max(...reads)).toBe(2 ** 20);
  expect(found.sum.tiles.every((tile, t) => sameWithin(n, tile, sum.tiles[t], t))).toBe(true);
});

/** What lies past n in the last tiles is 0 when it was read, and whatever it was before. */
function sameWithin(n: number, a: Float32Array, b: Float32Array, t: number): boolean {
  const row = Math.floor((Math.sqrt(8 * t + 1) - 1) / 2);
  const column = t - (row * (row + 1)) / 2;
  for (let k = 0; k < a.length; k++) {
    const [i, j] = [row * 256 + Math.floor(k / 256), column * 256 + (k % 256)];
    if (i < n && j < n && a[k] !== b[k]) return false;
  }
  return true;
}

test("file names are those of the published statistics", () => {
  const name = { corpus: "wikipedia", sampleSize: 100000 };
  expect(
    statisticsFileName({ ...name, model: "gpt2-xl", module: "transformer.h.17.mlp.c_proj" }),
  ).toBe("gpt2-xl/wikipedia_stats/transformer.h.17.mlp.c_proj_float32_mom2_100000.npz");
  expect(
    statisticsFileName({
      ...name,
      model: "EleutherAI/gpt-j-6B",
      module: "transformer.h.5.mlp.fc_out",
    }),
  ).toBe("EleutherAI_gpt-j-6B/wikipedia_stats/transformer.h.5.mlp.fc_out_float32_mom2_100000.npz");
});

test("another limit of tokens is another file", () => {
  const name = { model: "gpt2", corpus: "wikitext", module: "transformer.h.0.mlp.c_proj" };
  expect(statisticsFileName({ ...name, batchTokens: 100 })).not.toBe(statisticsFileName(name));
});
