import type { Editor } from "./Editor.ts";
import { memitEditor } from "./memit/editor.ts";
import { romeEditor } from "./rome/editor.ts";

/** Editors by the order in which they are offered. */
export type EditorRegistry = readonly Editor[];

/** All editors; the one place that names them beside their own folders. */
export const editors: EditorRegistry = [romeEditor, memitEditor];

/**
 * An editor by its name.
 *
 * @throws `unknown method: x (rome, memit)`
 */
export function editorOf(name: string, registry: EditorRegistry = editors): Editor {
  const found = registry.find((editor) => editor.name === name);
  if (found) return found;
  throw new Error(`unknown method: ${name} (${registry.map((editor) => editor.name).join(", ")})`);
}
