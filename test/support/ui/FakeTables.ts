import { TableStore } from "../../../src/engine/storage/TableStore.ts";
import type { Model } from "../../../src/engine/Model.ts";
import { truthKey } from "../../../src/data/tables/rowFact.ts";
import { Queue } from "../../../workers/Queue.ts";
import { Tables } from "../../../workers/tables/Tables.ts";
import type { TableRow, TargetAnswer } from "../../../workers/protocol/protocol.ts";
import { memoryKeyed } from "../engine/memoryKeyed.ts";

/** The tables of the worker over a database in memory; what a model knows is arithmetic: true answers of more than five letters. */
export class FakeTables extends Tables {
  constructor(database = memoryKeyed().database) {
    const host = {
      queue: new Queue(),
      model: () => ({}) as Model,
      stamp: () => "fake",
      changed: () => undefined,
    };
    super(host, new TableStore(database));
  }

  override known(
    _job: number,
    { rows }: { id: string; rows: TableRow[] },
    report: (done: number, total: number) => void,
  ): Promise<Record<string, TargetAnswer>> {
    report(rows.length, rows.length);
    const answers = rows.map((row): [string, TargetAnswer] => {
      const greedy = row.truth.length > 5;
      return [truthKey(row), { probability: greedy ? 0.8 : 0.1, greedy }];
    });
    return Promise.resolve(Object.fromEntries(answers));
  }
}
