import type { ModelConfig } from "../../engine/architecture/config.ts";
import type { Editor } from "./Editor.ts";
import { type EditorRegistry, editors } from "./editors.ts";

/** An editor as a form needs it, with a model's preset: plain JSON. */
export interface EditorView extends Pick<
  Editor,
  "name" | "title" | "paper" | "about" | "facts" | "fields" | "curves"
> {
  lead?: string | undefined;
  /** The model's preset; what has no field is in it too. */
  preset: object;
  /** Where the preset comes from. */
  source: string;
}

/** All editors for a model. */
export function editorViews(config: ModelConfig, registry: EditorRegistry = editors): EditorView[] {
  return registry.map((editor) => {
    const { name, title, paper, about, lead, facts, fields, curves } = editor;
    const { settings: preset, source } = editor.preset(config);
    return { name, title, paper, about, lead, facts, fields, curves, preset, source };
  });
}
