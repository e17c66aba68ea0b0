import { readNpz } from "../../../src/data/archive/npz.ts";
import { type NpyArray, writeNpy } from "../../../src/data/archive/npy.ts";
import { mutateNpy } from "../../mutate/npyFile.ts";
import { type Member, mutateMembers, zipOf } from "../../mutate/zipFile.ts";
import { checkNpy } from "../../strict/npy.ts";
import { checkZip } from "../../strict/zip.ts";
import type { Target } from "../../Target.ts";

const file = "a.npz";

const arrays: Record<string, NpyArray> = {
  floats: { shape: [2, 3], dtype: "f4", data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  scalar: { shape: [], dtype: "i8", data: BigInt64Array.of(7n) },
  halves: { shape: [3], dtype: "f2", data: Float32Array.of(1, 2, 3) },
  words: { shape: [2], dtype: "U", data: ["one", "é🌉"] },
  flags: { shape: [1, 2], dtype: "b1", data: Uint8Array.of(0, 1) },
};
const members: Member[] = Object.entries(arrays).map(([name, array]) => ({
  name: `${name}.npy`,
  bytes: writeNpy(array),
}));

export const target: Target = {
  name: "npz",
  file,
  seeds: () => [zipOf(members), zipOf(members.map((member) => ({ ...member, deflated: true })))],
  mutate: (_, random) => mutateMembers(members, random, { mutate: mutateNpy }),
  read: (bytes) => readNpz(bytes, { what: file }),
  strict: (bytes) =>
    checkZip(bytes, (name) => !name.endsWith("/")).forEach((member) => checkNpy(member)),
};
