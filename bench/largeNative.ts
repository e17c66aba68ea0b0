import { folderFiles } from "../src/cli/open/folderFiles.ts";
import { nodeRuntime } from "../src/cli/open/nodeRuntime.ts";
import { type LargeOptions, type LargeStep, measureLarge } from "./large.ts";

/** A checkpoint of real size on onnxruntime-node, with the most memory that the process took. */
export function measureLargeNative(
  folder: string,
  options: Omit<LargeOptions, "runtime" | "files" | "processPeak">,
): Promise<LargeStep[]> {
  // maxRSS is in KiB.
  const processPeak = () => 1024 * process.resourceUsage().maxRSS;
  const files = folderFiles(folder);
  return measureLarge({ ...options, runtime: nodeRuntime(), files, processPeak });
}
