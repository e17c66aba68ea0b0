import { type NpyArray, writeNpy } from "../../../src/data/archive/npy.ts";
import { blobSource } from "../../../src/data/archive/npzStream.ts";
import { readStatistics } from "../../../src/methods/statistics/statisticsFile.ts";
import { mutateNpy } from "../../mutate/npyFile.ts";
import { type Member, mutateMembers, zipOf } from "../../mutate/zipFile.ts";
import { checkNpy } from "../../strict/npy.ts";
import { checkZip, namesIn } from "../../strict/zip.ts";
import type { Target } from "../../Target.ts";

const file = "h.3.npz";

const arrays: Record<string, NpyArray> = {
  "mom2.count": { shape: [], dtype: "i8", data: BigInt64Array.of(12n) },
  "mom2.mom2": { shape: [2, 2], dtype: "f4", data: Float32Array.of(4, 1, 1, 3) },
  sample_size: { shape: [], dtype: "i8", data: BigInt64Array.of(5n) },
};
const compact: Record<string, NpyArray> = {
  "mom2.count": arrays["mom2.count"],
  "mom2.diagonal": { shape: [3], dtype: "f4", data: Float32Array.of(4, 1, 2) },
  "mom2.correlation": { shape: [3], dtype: "i2", data: Int16Array.of(100, -200, 32_767) },
};
const membersOf = (held: Record<string, NpyArray>): Member[] =>
  Object.entries(held).map(([name, array]) => ({ name: `${name}.npy`, bytes: writeNpy(array) }));
const [dense, short] = [membersOf(arrays), membersOf(compact)];
/** Of a dense file that has something else beside it, and of a compact one, only this is opened. */
const isRead = (names: readonly string[]) => {
  const held = names.includes("mom2.correlation.npy") ? compact : arrays;
  return (name: string) =>
    Object.hasOwn(held, name.replace(/\.npy$/, "")) || name === "sample_size.npy";
};

/** A file of statistics, which is read as a stream. */
export const target: Target = {
  name: "statistics",
  file,
  seeds: () =>
    [dense, short].flatMap((members) => [
      zipOf(members),
      zipOf(members.map((member) => ({ ...member, deflated: true }))),
    ]),
  mutate: (_, random) => mutateMembers(random.pick([dense, short]), random, { mutate: mutateNpy }),
  read: (bytes) =>
    readStatistics(blobSource(new Blob([bytes as Uint8Array<ArrayBuffer>])), {
      layer: 3,
      source: "text",
      what: file,
    }),
  strict: (bytes) => checkZip(bytes, isRead(namesIn(bytes))).forEach((member) => checkNpy(member)),
};
