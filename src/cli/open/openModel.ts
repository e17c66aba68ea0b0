import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Model } from "../../engine/Model.ts";
import { type ModelFiles, urlFiles } from "../../engine/files/ModelFiles.ts";
import { HUB } from "../../engine/files/ModelSource.ts";
import { openSource } from "../../engine/files/openSource.ts";
import type { TransferProgress } from "../../engine/files/download/TransferMeter.ts";
import { sizeUnit } from "../../data/sizes.ts";
import { precisions } from "../../engine/checkpoint/precision.ts";
import type { Terminal } from "../Command.ts";
import { folderFiles } from "./folderFiles.ts";
import { folderStore, modelFolder } from "./folderStore.ts";
import { nodeRuntime } from "./nodeRuntime.ts";
import { choiceOption, required } from "../options.ts";

/** A model that is ready, and where its files lie. */
export interface OpenModel {
  model: Model;
  files: ModelFiles;
  /** Whether what was made with another model is taken, where it has the shape. */
  another?: boolean | undefined;
}

/** The options of every command that loads a model. */
export const modelOptions = { model: { type: "string" }, precision: { type: "string" } } as const;

/** The option of every command that takes what was made with a model: edits and statistics. */
export const anotherModel = { "another-model": { type: "boolean" } } as const;

/**
 * Loads the model that `--model` names: `demo`, a folder, an address or a model of the Hub, `org/name` or
 * `org/name@revision`; with its matrices as `--precision` says, else as the checkpoint has them.
 *
 * @throws one sentence: no such model, or files that are missing or damaged
 */
export async function openModel(
  given: Partial<Record<keyof typeof modelOptions, string | undefined>> & AnotherModel,
  terminal: Terminal,
): Promise<OpenModel> {
  const name = required(given, "model");
  const precision = given.precision ? choiceOption(given, "precision", precisions) : undefined;
  const files = await modelFiles(name, terminal.root, terminal);
  const model = await Model.load(nodeRuntime(), files, {
    precision,
    onProgress: (done, total, tensor) =>
      terminal.progress(`loading ${files.name}: ${Math.floor((100 * done) / total)} %, ${tensor}`),
  });
  terminal.progress("");
  return { model, files, another: given["another-model"] };
}

type AnotherModel = { [K in keyof typeof anotherModel]?: boolean | undefined };

/**
 * The files of the model that `--model` names. What comes from elsewhere is kept in a folder of this machine, and works
 * without a connection afterwards.
 *
 * @param terminal told how far a download has come, and where nothing can be kept
 * @throws when it is neither demo nor a folder nor an address nor a model of the Hub
 */
export async function modelFiles(
  name: string,
  root: string,
  terminal?: Pick<Terminal, "progress" | "note">,
): Promise<ModelFiles> {
  if (name === "demo") return folderFiles(join(root, "public", "models", "demo"), "demo");
  const hub = process.env.HF_ENDPOINT || HUB;
  // A server on this machine is as near as a copy would be.
  if (isNear(name) && !name.startsWith(`${hub}/`)) return urlFiles(name);
  const found = await stat(name).catch(() => undefined);
  if (found?.isDirectory()) return folderFiles(name);
  if (!/^https?:\/\/|^\w[\w.-]*\/[\w.-]+(@.+)?$/.test(name)) {
    throw new Error(
      `unknown model: ${name} (no folder has that name; give demo, a folder, an address, or a model of the Hub such as openai-community/gpt2-xl)`,
    );
  }
  const onProgress = (progress: TransferProgress) =>
    terminal?.progress(`fetching ${name}: ${progressLine(progress)}`);
  const store = folderStore(modelFolder());
  const onWarning = (sentence: string) => terminal?.note(sentence);
  const request = { source: { kind: "address", address: name } as const, hub };
  return openSource(request, undefined, { store, onProgress, onWarning });
}

const isNear = (name: string) => /^https?:\/\/(localhost|127\.|\[::1\])/.test(name);

/** `0.52 of 6.43 GB, 31 MB/s, 3 min left`. */
export function progressLine({
  bytes,
  total,
  bytesPerSecond,
  secondsLeft,
}: TransferProgress): string {
  const [unit, name] = sizeUnit(total);
  const digits = name === "GB" ? 2 : 1;
  const far = `${(bytes / unit).toFixed(digits)} of ${(total / unit).toFixed(digits)} ${name}`;
  if (secondsLeft === undefined) return far;
  const left =
    secondsLeft < 90 ? `${Math.ceil(secondsLeft)} s` : `${Math.round(secondsLeft / 60)} min`;
  return `${far}, ${(bytesPerSecond / 1e6).toFixed(1)} MB/s, ${left} left`;
}
