import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { folderFiles } from "../src/cli/open/folderFiles.ts";
import { nodeRuntime } from "../src/cli/open/nodeRuntime.ts";
import type { Measurement } from "./Measurement.ts";
import { measureAll } from "./workloads.ts";

/** The workloads on onnxruntime-node, with the model in a folder. */
export async function measureNative(root: string, folder: string): Promise<Measurement[]> {
  const facts: unknown = JSON.parse(await readFile(join(root, "public/facts.json"), "utf8"));
  const files = folderFiles(folder, "demo");
  return measureAll({ runtime: nodeRuntime(), files, facts, quick: false });
}
