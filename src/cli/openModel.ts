import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Model } from "../engine/Model.ts";
import { type ModelFiles, urlFiles } from "../engine/ModelFiles.ts";
import type { Terminal } from "./Command.ts";
import { folderFiles } from "./folderFiles.ts";
import { nodeRuntime } from "./nodeRuntime.ts";

/** A model that is ready, and where its files lie. */
export interface OpenModel {
  model: Model;
  files: ModelFiles;
}

/**
 * Loads the model that `--model` names: `demo`, a folder or an address.
 *
 * @throws one sentence: no such model, or files that are missing or damaged
 */
export async function openModel(name: string, terminal: Terminal): Promise<OpenModel> {
  const files = await modelFiles(name, terminal.root);
  const model = await Model.load(nodeRuntime(), files, {
    onProgress: (done, total) => terminal.progress(`loading ${files.name}: ${done} of ${total}`),
  });
  terminal.progress("");
  return { model, files };
}

async function modelFiles(name: string, root: string): Promise<ModelFiles> {
  if (name === "demo") return folderFiles(join(root, "public", "models", "demo"), "demo");
  if (/^https?:\/\//.test(name)) return urlFiles(name);
  const found = await stat(name).catch(() => undefined);
  if (found?.isDirectory()) return folderFiles(name);
  const hub = /^[\w.-]+\/[\w.-]+$/.test(name) ? `https://huggingface.co/${name}` : "its address";
  throw new Error(
    `unknown model: ${name} (no folder has that name; give demo, a folder or an address, for a Hub model ${hub})`,
  );
}
