import { shown } from "../../data/outside/shown.ts";

/** A token or piece of text as it stands in a line: a line's end is seen and breaks it, nothing in it is obeyed. */
export const lineText = (text: string): string =>
  text
    .split("\n")
    .map((part) => shown(part, 500))
    .join("⏎\n");

/** A token by itself: "␣Seattle", "⏎". */
export const tokenName = (text: string): string =>
  shown(text.replace(/^ /, "␣").replaceAll("\n", "⏎").replaceAll("\t", "⇥"));
