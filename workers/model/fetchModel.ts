import type { PartStore } from "../../src/engine/files/download/PartStore.ts";
import type { TransferProgress } from "../../src/engine/files/download/TransferMeter.ts";
import type { LoadProgress, ModelRequest } from "../protocol/modelProtocol.ts";
import { modelPaths } from "../../src/engine/files/modelPaths.ts";
import { openSource, type SourceFiles } from "../../src/engine/files/openSource.ts";

interface Fetching {
  /** Where files are kept; absent where nothing is. */
  store: PartStore | undefined;
  signal: AbortSignal;
  report: (progress: LoadProgress) => void;
}

/** Files that are ready to be loaded, and the report to load them with. */
export interface Fetched {
  files: SourceFiles;
  report: (progress: LoadProgress) => void;
}

/**
 * Opens a model's files and, where they can be kept, waits until all of them are here and right. Where they cannot, they
 * are fetched as they are read, and it is their transfer that is reported as long as it lasts.
 *
 * @throws a sentence
 */
export async function fetchModel(
  request: ModelRequest,
  base: string,
  { store, signal, report }: Fetching,
): Promise<Fetched> {
  let phase: "transfer" | "load" = "transfer";
  let full: () => void = () => undefined;
  const storeIsFull = new Promise<"full">((resolve) => (full = () => resolve("full")));
  const onProgress = (progress: TransferProgress) => {
    const stage =
      progress.total > 0 && progress.bytes >= progress.total ? "checking" : "downloading";
    if (phase === "load") return;
    if (stage === "checking" && streaming) phase = "load";
    else report(reported(stage, progress));
  };
  let streaming = false;
  const files = await openSource(request, base, { store, signal, onProgress, onWarning: full });
  const { paths } = await modelPaths(files);
  files.prefetch?.(paths);
  if (store && files.verify) {
    streaming = (await Promise.race([files.verify(), storeIsFull])) === "full";
  } else streaming = files.verify !== undefined;
  if (!streaming) phase = "load";
  return {
    files,
    report: (progress) => {
      if (phase === "load") report(progress);
    },
  };
}

function reported(
  stage: LoadProgress["stage"],
  { bytes, total, bytesPerSecond, secondsLeft }: TransferProgress,
): LoadProgress {
  return {
    stage,
    done: bytes,
    total,
    bytesPerSecond,
    secondsLeft,
  };
}
