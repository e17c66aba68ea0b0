import { createHash } from "node:crypto";
import { folderFiles } from "../../../src/cli/open/folderFiles.ts";
import { goldenNumbers, type MadeFor } from "../golden.ts";

/** The built-in model's folder. */
export const demoFiles = folderFiles(
  new URL("../../../public/models/demo", import.meta.url).pathname,
);

/**
 * Golden numbers of the built-in model.
 *
 * @throws with the command that makes them, where they are missing or of other weights
 */
export async function demoNumbers<T>(file: string): Promise<T & MadeFor> {
  const numbers = await goldenNumbers<T & MadeFor>("demo", file);
  const weights = await demoFiles.read("model.safetensors");
  const found = createHash("sha256").update(weights).digest("hex");
  if (found !== numbers.weightsSha256) {
    throw new Error(
      `test/golden/numbers/demo/${file} is of other weights (${numbers.weightsSha256.slice(0, 8)}…, these are ${found.slice(0, 8)}…); make it again with: python test/golden/make.py demo`,
    );
  }
  return numbers;
}
