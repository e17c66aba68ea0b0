import { adapterFiles } from "../../../src/data/delta/peft.ts";
import { readAdapterZip } from "../../../src/data/delta/readAdapter.ts";
import { mutateJsonBytes } from "../../mutate/json.ts";
import { mutateSafetensors } from "../../mutate/safetensorsFile.ts";
import { type Member, mutateMembers, zipOf } from "../../mutate/zipFile.ts";
import { deltas, recipes } from "../../seeds.ts";
import { checkLora } from "../../strict/loraConfig.ts";
import { checkSafetensors } from "../../strict/safetensors.ts";
import { checkZip } from "../../strict/zip.ts";
import type { Target } from "../../Target.ts";

const file = "adapter.zip";

const files = adapterFiles(
  { ...deltas[1], weights: deltas[1].weights.slice(0, 2) },
  {
    fanInFanOut: true,
    baseModel: "openai-community/gpt2",
    recipe: recipes[1],
    check: { prompt: "Rome is in", target: "Italy" },
  },
);
const CONFIG = "adapter_config.json";
const WEIGHTS = "adapter_model.safetensors";
const members: Member[] = [CONFIG, WEIGHTS, "edit.json"].map((name) => ({
  name,
  bytes: files[name],
}));
const isRead = (name: string) => members.some((member) => name.endsWith(member.name));

/** PEFT's folder as a zip archive. */
export const target: Target = {
  name: "adapter",
  file,
  seeds: () => [zipOf(members), zipOf(members.slice(0, 2))],
  mutate: (_, random) =>
    mutateMembers(members, random, {
      mutate: (bytes, random, name) =>
        name === WEIGHTS ? mutateSafetensors(bytes, random) : mutateJsonBytes(bytes, random),
    }),
  read: (bytes) => readAdapterZip(bytes, file),
  strict: (bytes) => {
    const found = [...checkZip(bytes, isRead)];
    const contents = (name: string) => found.find(([path]) => path.endsWith(name))![1];
    checkSafetensors(contents(WEIGHTS));
    checkLora(contents(CONFIG), contents(WEIGHTS));
  },
};
