import { readLinkedEdits } from "../../../src/data/run/linkedEdits.ts";
import { packDelta, unpackDelta } from "../../../src/data/run/packedDelta.ts";
import { deltas, textFile } from "../../seeds.ts";
import type { Target } from "../../Target.ts";

const digest = "ab".repeat(32);

/** The edits that a link carries: refused with a sentence, or an edit as one of a file. */
export const target: Target = {
  name: "linked-edit",
  file: "the link",
  seeds: () =>
    deltas.map((delta) =>
      textFile(`${digest}:edit.safetensors:${packDelta(delta) ?? "AAAA"},${digest}:b`),
    ),
  read: (bytes) => {
    const edits = readLinkedEdits(new TextDecoder().decode(bytes));
    return edits.map(({ packed }) => packed && unpackDelta(packed));
  },
};
