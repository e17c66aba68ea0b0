import type { Target } from "./Target.ts";

/** The readers that are tried: all in targets/, by their names. */
export const targets: readonly Target[] = Object.entries(
  import.meta.glob<Target>("./targets/*/*.ts", { eager: true, import: "target" }),
)
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([, target]) => target);
