import { readFileSync } from "node:fs";
import { readZip } from "../../../src/data/archive/zip.ts";
import { blobSource } from "../../../src/data/archive/npzStream.ts";
import { openTorchCheckpoint } from "../../../src/data/weights/torchCheckpoint.ts";
import { mutatePickle } from "../../mutate/pickleFile.ts";
import { type Member, mutateMembers, zipOf } from "../../mutate/zipFile.ts";
import type { Target } from "../../Target.ts";

const file = "pytorch_model.bin";
// What torch.save wrote, see make_torch.py.
const written = ["torch_f32.bin", "torch_views.bin", "torch_module.bin", "torch_bf16.bin"].map(
  (name) => new Uint8Array(readFileSync(`test/data/fixtures/${name}`)),
);
/** As PyTorch's writer aligns them. */
const ALIGNMENT = 64;
const membersOf = (bytes: Uint8Array): Member[] =>
  [...readZip(bytes)].map(([name, contents]) => ({ name, bytes: contents }));

export const target: Target = {
  name: "PyTorch",
  file,
  seeds: () => [...written, ...written.map((bytes) => zipOf(membersOf(bytes), {}, ALIGNMENT))],
  mutate: (seed, random) =>
    mutateMembers(membersOf(seed), random, {
      alignment: ALIGNMENT,
      mutate: (bytes, _, name) =>
        name.endsWith("data.pkl") ? mutatePickle(bytes, random) : bytes.subarray(0, -1),
    }),
  async read(bytes) {
    const source = blobSource(new Blob([bytes as Uint8Array<ArrayBuffer>]));
    for (const { locate } of (await openTorchCheckpoint(source, file)).values()) await locate();
  },
};
