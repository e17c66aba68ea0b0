import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { folderFiles } from "../../../../src/cli/open/folderFiles.ts";
import { nodeRuntime } from "../../../../src/cli/open/nodeRuntime.ts";
import type { ModelFiles } from "../../../../src/engine/files/ModelFiles.ts";
import { checkpoints, type Golden, openGolden } from "./goldenModel.ts";

const files = (folder: string): ModelFiles =>
  folderFiles(new URL(`../../../golden/${folder}`, import.meta.url).pathname);

/** Tests of these checks on every golden checkpoint, with the native provider. */
export function checkOnCpu(checks: Record<string, (golden: Golden) => Promise<void>>): void {
  describe.for(checkpoints)("%s on cpu agrees with PyTorch", (name) => {
    let golden: Golden;
    beforeAll(async () => {
      golden = await openGolden(nodeRuntime(), files, name);
    });
    afterAll(() => golden.model.dispose());

    test.for(Object.entries(checks))("%s, and leaves no tensor behind", async ([, check]) => {
      const before = { ...golden.model.ledger };
      await check(golden);
      expect(golden.model.ledger).toEqual(before);
    });
  });
}
