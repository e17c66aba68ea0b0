import { type NpyArray, writeNpy } from "../../../src/data/archive/npy.ts";
import { blobSource } from "../../../src/data/archive/npzStream.ts";
import { readStatistics } from "../../../src/methods/statistics/statisticsFile.ts";
import { mutateNpy } from "../../mutate/npyFile.ts";
import { type Member, mutateMembers, zipOf } from "../../mutate/zipFile.ts";
import { checkNpy } from "../../strict/npy.ts";
import { checkZip } from "../../strict/zip.ts";
import type { Target } from "../../Target.ts";

const file = "h.3.npz";

const arrays: Record<string, NpyArray> = {
  "mom2.count": { shape: [], dtype: "i8", data: BigInt64Array.of(12n) },
  "mom2.diagonal": { shape: [3], dtype: "f4", data: Float32Array.of(4, 1, 9) },
  "mom2.correlation": { shape: [3], dtype: "i2", data: Int16Array.of(-5, 32_767, 800) },
  sample_size: { shape: [], dtype: "i8", data: BigInt64Array.of(5n) },
};
const members: Member[] = Object.entries(arrays).map(([name, array]) => ({
  name: `${name}.npy`,
  bytes: writeNpy(array),
}));
const isRead = (name: string) => Object.hasOwn(arrays, name.replace(/\.npy$/, ""));

/** A file of statistics in the compact form. */
export const target: Target = {
  name: "compact statistics",
  file,
  seeds: () => [zipOf(members), zipOf(members.map((member) => ({ ...member, deflated: true })))],
  mutate: (_, random) => mutateMembers(members, random, { mutate: mutateNpy }),
  read: (bytes) =>
    readStatistics(blobSource(new Blob([bytes as Uint8Array<ArrayBuffer>])), {
      layer: 3,
      source: "text",
      what: file,
    }),
  strict: (bytes) => checkZip(bytes, isRead).forEach((member) => checkNpy(member)),
};
