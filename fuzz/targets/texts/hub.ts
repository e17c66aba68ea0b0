import { hubCommit, hubTree } from "../../../src/engine/files/hub.ts";
import { mutateJsonBytes } from "../../mutate/json.ts";
import { jsonFile } from "../../seeds.ts";
import type { Target } from "../../Target.ts";

const hub = "https://hub.test";
const model = { hub, id: "org/name", revision: "main" };
const commit = "0123456789abcdef0123456789abcdef01234567";

/** An answer of the Hub to either question. */
export const target: Target = {
  name: "hub",
  file: "hub.test",
  seeds: () => [
    jsonFile({ sha: commit }),
    jsonFile([
      { type: "directory", path: "onnx" },
      { type: "file", path: "config.json", size: 5, oid: commit },
      {
        type: "file",
        path: "model.safetensors",
        size: 900,
        oid: commit,
        lfs: { oid: "ab".repeat(32), size: 900 },
      },
    ]),
  ],
  mutate: mutateJsonBytes,
  read: async (bytes) => {
    const connection = {
      fetch: () => Promise.resolve(new Response(bytes as Uint8Array<ArrayBuffer>)),
      signal: new AbortController().signal,
      patience: { tries: 1, backoff: 0, longest: 0, stall: 1000 },
    };
    const isList = new TextDecoder().decode(bytes).trimStart().startsWith("[");
    const asked = await (isList
      ? hubTree(model, commit, connection)
      : hubCommit(model, connection, 1));
    if ("again" in asked) throw asked.again;
  },
};
