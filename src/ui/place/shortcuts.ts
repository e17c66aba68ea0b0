import type { PlaceName } from "./address.ts";

/** What the shortcuts reach. */
export interface Reach {
  go: (place: PlaceName) => void;
  /** Presses a control of the page, where it is there and can be pressed. */
  press: (name: string) => void;
  focusPrompt: () => void;
  openModel: () => void;
  undo: () => void;
  toggleList: () => void;
}

export interface Shortcut {
  key: string;
  does: string;
  run(reach: Reach): void;
}

/** Single keys, which work while nothing is typed into. */
export const shortcuts: Shortcut[] = [
  { key: "1", does: "Fact", run: ({ go }) => go("fact") },
  { key: "2", does: "Facts", run: ({ go }) => go("facts") },
  { key: "3", does: "Studies", run: ({ go }) => go("studies") },
  { key: "4", does: "Edits", run: ({ go }) => go("edits") },
  { key: "/", does: "Go to the prompt", run: ({ focusPrompt }) => focusPrompt() },
  { key: "t", does: "Trace", run: ({ press }) => press("trace") },
  { key: "r", does: "Rewrite", run: ({ press }) => press("rewrite") },
  { key: "s", does: "Score", run: ({ press }) => press("score") },
  { key: "u", does: "Undo the last change of the edits", run: ({ undo }) => undo() },
  { key: "o", does: "Open a model", run: ({ openModel }) => openModel() },
  { key: "?", does: "This list", run: ({ toggleList }) => toggleList() },
];

/** Keys that belong to what has the focus, with what they do there. */
export const keysElsewhere: [keys: string, does: string][] = [
  ["Enter, in the prompt", "Mark the selected words as the subject; without a selection, trace"],
  ["Enter, in the new target", "Rewrite"],
  ["Arrows, in a heatmap", "Move from cell to cell"],
  ["Esc", "Close what is open"],
];

type Pressed = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "defaultPrevented">;

/**
 * The shortcut that a key is, if it is one.
 *
 * @param typing whether the key goes into a field
 */
export function shortcutOf(event: Pressed, typing: boolean): Shortcut | undefined {
  if (typing || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  return shortcuts.find(({ key }) => key === event.key);
}
