import type { Snippet } from "svelte";

/** What opens beside what is pressed. */
export interface PopoverProps {
  trigger: Snippet;
  content: Snippet;
  /** Classes. */
  looks: { trigger: string; content: string };
  open?: boolean;
  /** Whether it opens to a pointer that rests there too, and leaves the focus where it is. */
  hover?: boolean;
  side?: "top" | "bottom";
  align?: "start" | "center";
}
