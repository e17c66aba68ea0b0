import { RunShelf } from "../../../src/engine/storage/RunShelf.ts";
import { Runs } from "../../../workers/runs/Runs.ts";
import { memoryKeyed } from "../engine/memoryKeyed.ts";

/** A history in memory, whose edits are nowhere. */
export const fakeRuns = () =>
  new Runs(
    {
      held: {
        find: () => Promise.reject(new Error("no edit is held here")),
        hold: () => {
          throw new Error("no edit is held here");
        },
      },
      changed: () => undefined,
    },
    new RunShelf({ database: memoryKeyed().database }),
  );
