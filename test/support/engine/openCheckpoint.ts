import { architectureOf } from "../../../src/engine/architecture/architectures.ts";
import { readConfig } from "../../../src/engine/architecture/readConfig.ts";
import { Checkpoint } from "../../../src/engine/checkpoint/Checkpoint.ts";
import type { ModelFiles } from "../../../src/engine/files/ModelFiles.ts";

/** The weights of a model with a config.json, by the names of its architecture. */
export const openCheckpoint = async (files: ModelFiles): Promise<Checkpoint> =>
  Checkpoint.open(files, architectureOf(await readConfig(files)));
