import type { ModelFiles } from "./ModelFiles.ts";

/** Files that are fetched: as {@link ModelFiles}, with what a page shows of them. */
export interface OpenedFiles extends ModelFiles {
  /** True where the server did not answer and what was kept is used. */
  offline: boolean;
  stamp(path: string): Promise<string | undefined>;
  prefetch(paths: readonly string[]): void;
  verify(): Promise<void>;
}
