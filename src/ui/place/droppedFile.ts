import { ADAPTER } from "../../data/delta/adapterNames.ts";

/** Which desk a dropped file is for; undefined for a folder, and for the files of a model. */
export type DroppedKind = "runs" | "study" | "edit" | "facts" | "statistics";

const ENDINGS: readonly (readonly [RegExp, DroppedKind])[] = [
  [/^palimpsest-runs?\b.*\.zip$/i, "runs"],
  [/^study\b.*\.zip$/i, "study"],
  [/\.(safetensors|zip)$/i, "edit"],
  [/\.npz$/i, "statistics"],
  [/\.(csv|tsv|txt|jsonl?)$/i, "facts"],
];
/** A model's own files have these names. */
const OF_MODEL = /^(model|pytorch_model|config|tokenizer|generation_config|vocab)\b/i;

/**
 * What one file that was dropped on the page is, by its name; a JSON file that says so is a recipe. Folders and several
 * files are a model's, and so is what is called as a model's file is.
 */
export async function droppedKind(files: readonly File[]): Promise<DroppedKind | undefined> {
  const [file] = files;
  if (files.length !== 1 || OF_MODEL.test(file.name)) return undefined;
  const kind = ENDINGS.find(([ending]) => ending.test(file.name))?.[1];
  if (kind !== "facts" || !/\.json$/i.test(file.name)) return kind;
  const head = await file.slice(0, 400).text();
  return head.includes('"palimpsest.recipe"') || (await endsAsRecipe(file)) ? "edit" : "facts";
}

/** Whether the files of a folder are a PEFT adapter's, which is an edit, and no model's. */
export function isAdapter(folder: { files: readonly { path: string }[] } | null): boolean {
  const names = folder?.files.map(({ path }) => path.split("/").at(-1)) ?? [];
  return names.includes(ADAPTER.config) && !names.includes("config.json");
}

/** Our recipes say their format last. */
const endsAsRecipe = async (file: File): Promise<boolean> =>
  (await file.slice(-400).text()).includes('"palimpsest.recipe"');
