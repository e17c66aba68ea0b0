import type { RemoteLab } from "../../../workers/connect.ts";
import type {
  Fact,
  ModelView,
  OpenTable,
  TableHead,
  TableMeasures,
  TableScoreView,
  TableSource,
  TellScores,
} from "../../../workers/protocol/protocol.ts";
import { type Compared, runDifferences } from "../../data/run/runDifferences.ts";
import type { TableFact } from "../../data/tables/TableFact.ts";
import { shown } from "../../data/outside/shown.ts";
import { fieldValue } from "../../data/settings/fieldValue.ts";
import { factRecord } from "../../data/tables/factRecord.ts";
import type { ScoredTable, TableResult } from "../../data/run/Run.ts";
import type { RunContext } from "../../data/run/RunContext.ts";
import { rowFact, truthKey } from "../../data/tables/rowFact.ts";
import { rowMarks } from "../../data/tables/rowMarks.ts";
import {
  chosenWith,
  lookAhead,
  noRows,
  problemsOf,
  rowChanges,
  writtenFacts,
  writtenRows,
} from "../../data/tables/rowSets.ts";
import type { MeasuredRow } from "../../data/tables/tableFile.ts";
import { type RowCells, typedCells } from "../../data/tables/rowCells.ts";
import type { TableRow } from "../../data/tables/TableRow.ts";
import type { Edit } from "../edit/EditStack.svelte.ts";
import type { JobHost } from "../jobs/DeskHost.ts";
import { messageOf } from "../parts/sentence.ts";
import type { Arrangement } from "./factLines.ts";
import { scoredAt } from "./factRows.ts";
import { measuredRows, scoredRows, withScores } from "./rows/tableMeasures.ts";
import { spread } from "./neutralText.ts";

/** What the session lends. */
export interface FactsDeskHost extends JobHost {
  lab(): RemoteLab["tables"];
  scoring(): RemoteLab["scoring"];
  model(): ModelView | null;
  facts(): Fact[];
  /** The edits that are on. */
  active(): Edit[];
  /** The model and the edits that a run would begin with now. */
  now(): Compared;
  /** A table was scored. */
  ended?(found: TableScoreView, of: { name: string; facts: TableFact[] }): void;
  notify(notice: string): void;
  /** Where the reader is to look: a table's address, or none. */
  go(table: string): void;
}

const KEPT_STEPS = 50;

/** The tables of facts that this browser keeps, and the one that is open. */
export class FactsDesk {
  tables = $state.raw<TableHead[]>([]);
  head = $state.raw<TableHead | null>(null);
  rows = $state.raw<TableRow[]>([]);
  /** What was taken for granted when the table was read. */
  notices = $state.raw<string[]>([]);
  /** Why what was given is no table. */
  problem = $state<string | null>(null);
  reading = $state(false);
  /** Rows that were read so far. */
  read = $state(0);
  chosen = $state.raw(noRows);
  measures = $state.raw<TableMeasures>({ known: {} });
  scores = $state.raw<TableScoreView | null>(null);
  /** The row that is being repaired. */
  edited = $state<number | null>(null);
  arrangement = $state.raw<Arrangement>(plain);
  /** Whether facts that an edit that is on has written are written once more. */
  again = $state(false);

  problems = $derived(problemsOf(this.rows));
  marks = $derived(rowMarks(this.rows, ({ id }) => !this.problems.has(id)));
  /** What the edits that are on have written. */
  #written = $derived.by(() => writtenFacts(this.#host.active()));
  written = $derived(writtenRows(this.rows, this.#written));
  /** The rows that a button is about: those selected, or all. */
  scope = $derived(
    this.chosen.size ? this.rows.filter(({ id }) => this.chosen.has(id)) : this.rows,
  );
  /** Rows without mistakes, each once. */
  usable = $derived(
    this.scope.filter(
      ({ id }) => !this.problems.has(id) && this.marks.get(id)?.duplicate === undefined,
    ),
  );
  /** What is written next. */
  toWrite = $derived(
    this.again ? this.usable : this.usable.filter(({ id }) => !this.written.has(id)),
  );
  conflicts = $derived(
    this.toWrite.filter(({ id }) => this.marks.get(id)?.conflict !== undefined).length,
  );
  /** In what the scores that are seen differ from what would be scored now, in words. */
  differences = $derived.by(() => {
    return this.scores ? runDifferences(this.scores.context, this.#host.now()) : [];
  });
  /** Whether edits were switched since the scores of the rows were taken. */
  stale = $derived.by(() => {
    const { scores } = this.measures;
    return scores !== undefined && scores.edits.join() !== this.#activeIds().join();
  });
  canUndo = $derived.by(() => this.#history.length > 0);
  #history = $state.raw<TableRow[][]>([]);
  readonly #host: FactsDeskHost;

  constructor(host: FactsDeskHost) {
    this.#host = host;
  }

  /** What a link calls the table that it names. */
  linked = "";

  /** Opens the table of an address; none where there is no such table. */
  async show(id: string) {
    await this.refresh();
    if (id === "" || id === this.head?.id) return;
    const found = await this.#fetch(id);
    if (found) await this.#take(found);
    else {
      const named = this.linked ? `“${shown(this.linked, 80)}”, the table` : "the table";
      this.problem = `this browser does not keep ${named} that the address names; give its file here`;
      this.#host.go("new");
    }
  }

  /** Looks again at what is kept: another tab may have changed it. */
  async refresh(look = false) {
    this.tables = await this.#host.lab().list();
    const id = this.head?.id;
    if (!look || !id || this.edited !== null) return;
    const found = await this.#fetch(id);
    if (found) Object.assign(this, { rows: found.rows, head: found.head });
  }

  async readText(text: string) {
    await this.#read({ text, name: "pasted table" });
  }

  async readFile(file: File) {
    await this.#read({ file, name: file.name });
  }

  /** Takes some of the page's facts, each with a false answer to write. */
  async takeBuiltIn(count: string) {
    try {
      const all = this.#host.facts();
      const kind = { type: "number", whole: true, min: 1, max: all.length } as const;
      const some = fieldValue({ label: "Number of facts", kind }, count) as number;
      const facts = spread(all, some).map(({ newTargets, ...fact }) => ({
        ...fact,
        newTargets: newTargets.filter((target) => target !== fact.target),
      }));
      const text = JSON.stringify(facts);
      await this.#read({ text, name: some === 1 ? "1 built-in fact" : `${some} built-in facts` });
    } catch (error) {
      this.problem = messageOf(error);
    }
  }

  async rename(name: string) {
    const { head } = this;
    if (!head || !name.trim() || name === head.name) return;
    this.head = { ...head, name: name.trim() };
    await this.#host.lab().rename(head.id, name.trim());
    await this.refresh();
  }

  async remove(id: string) {
    await this.#host.lab().remove(id);
    if (this.head?.id === id) {
      this.#empty();
      this.#host.go("");
    }
    await this.refresh();
  }

  /** The scores of a kept run, at their table, which is made of its facts where this browser does not keep it. */
  async showRun(context: RunContext, { name, facts, ...scores }: Omit<TableResult, "kind">) {
    const { table } = context.settings;
    const found = typeof table === "string" ? await this.#fetch(table) : undefined;
    if (found) await this.#take(found);
    else await this.#read({ text: JSON.stringify(facts.map(factRecord)), name });
    const measured = ({ measures, ...side }: ScoredTable) => ({
      ...side,
      measures: measures ?? facts.map(() => undefined),
    });
    const { before, after } = scores;
    this.scores = { context, before: measured(before), after: after && measured(after) };
    if (found) this.#host.go(found.head.id);
  }

  /** What a reader typed in a row. */
  async repair(id: number, cells: RowCells) {
    const rows = this.rows.map((row) =>
      row.id === id ? { ...row, ...typedCells(cells), refused: undefined } : row,
    );
    this.edited = null;
    await this.#change(rows);
    // The last mistake is repaired: of those there is nothing left to see.
    if (!this.problems.size && this.arrangement.show === "mistakes") this.arrangement = plain;
  }

  /** The next row with mistakes after one that was repaired, which is then repaired. */
  repairNext() {
    const [next] = this.problems.keys();
    if (next === undefined) return;
    this.arrangement = { ...plain, show: "mistakes" };
    this.edited = next;
  }

  async add() {
    const { head } = this;
    if (!head) return;
    try {
      const empty = { prompt: "", subject: "", target: "", truth: "" };
      const [row] = await this.#host.lab().add(head.id, [empty]);
      this.#remember();
      this.rows = [...this.rows, row];
      this.arrangement = plain;
      this.edited = row.id;
    } catch (error) {
      this.problem = messageOf(error);
    }
  }

  async delete(ids: ReadonlySet<number>) {
    this.chosen = noRows;
    await this.#change(this.rows.filter(({ id }) => !ids.has(id)));
  }

  /** Takes the last change of the table's rows back. */
  async undo() {
    const rows = this.#history.at(-1);
    if (!rows) return;
    this.#history = this.#history.slice(0, -1);
    await this.#keep(this.rows, rows);
  }

  choose(id: number, on: boolean) {
    this.chosen = chosenWith(this.chosen, [id], on);
  }

  /** Asks the model, with no edit, which true answers of the rows it knows; those that were asked are not asked again. */
  async askKnown() {
    const { head } = this;
    if (!head) return;
    const rows = this.askable;
    const found = await this.#host.run("asking for the true answers", (id) =>
      this.#host.lab().known(id, { id: head.id, rows }, this.#progress(id)),
    );
    // What was asked before it was stopped is kept.
    const kept = await this.#host.lab().measures(head.id);
    if (this.head?.id !== head.id) return;
    this.measures = {
      ...this.measures,
      known: { ...this.measures.known, ...kept.known, ...found },
    };
  }

  /** Rows with a true answer that the model was not asked for yet. */
  get askable(): TableRow[] {
    return this.usable.filter(
      (row) => row.truth.trim() !== "" && !this.measures.known[truthKey(row)],
    );
  }

  /** Scores rows with no edit and with the edits that are on; of every row, kept with the table. */
  async score() {
    const { head, usable: rows } = this;
    if (!head || !rows.length) return;
    const edits = this.#activeIds();
    const facts = rows.map(rowFact);
    const at = scoredAt();
    let kept: Promise<unknown> = Promise.resolve();
    const found = await this.#host.run("scoring the table", (id) => {
      const tell: TellScores = (done, total, part) => {
        if (this.#host.job.id === id) this.#host.job.progress(done, total);
        if (!part) return;
        const scored = scoredRows(rows, part);
        kept = kept.then(() => this.#host.lab().keepScores(head.id, { at, edits, rows: scored }));
      };
      const of = { table: head.id, name: head.name };
      return this.#host.scoring().table(id, facts, this.#host.callback(tell), of);
    });
    await kept;
    if (found) this.#host.ended?.(found, { name: head.name, facts });
    if (this.head?.id !== head.id) return;
    // What was scored before it was stopped is kept.
    if (!found) return this.#measure();
    this.scores = found;
    const { before, after } = found;
    const scored = scoredRows(rows, { at: 0, before, after });
    this.measures = withScores(this.measures, { at, edits, rows: scored });
  }

  /** Rows with all that is known of them, for a file. */
  measured(rows: readonly TableRow[]): MeasuredRow[] {
    return measuredRows(rows, this.measures);
  }

  /** Another model is open: what is known of its answers is another thing. */
  async modelChanged() {
    this.scores = null;
    this.measures = { known: {} };
    await this.#measure();
  }

  /** A table with its rows, which come some at a time. */
  async #fetch(id: string) {
    const rows: TableRow[] = [];
    const take = (some: TableRow[]) => {
      rows.push(...some);
      lookAhead(some);
    };
    const found = await this.#host.lab().open(id, this.#host.callback(take));
    return found && { ...found, rows };
  }

  async #read(source: TableSource) {
    this.problem = null;
    this.reading = true;
    this.read = 0;
    try {
      const rows: TableRow[] = [];
      const take = (some: TableRow[]) => {
        rows.push(...some);
        lookAhead(some);
        this.read = rows.length;
      };
      const found = await this.#host.lab().read(source, this.#host.callback(take));
      await this.#take({ ...found, rows });
      await this.refresh();
      this.#host.go(found.head.id);
    } catch (error) {
      this.problem = messageOf(error);
    } finally {
      this.reading = false;
    }
  }

  async #take({ head, rows, notices }: OpenTable & { rows: TableRow[] }) {
    this.#empty();
    Object.assign(this, { head, rows, notices });
    await this.#measure();
  }

  async #measure() {
    const id = this.head?.id;
    if (!id || !this.#host.model()) return;
    const measures = await this.#host.lab().measures(id);
    if (this.head?.id === id) this.measures = measures;
  }

  #empty() {
    Object.assign(this, { head: null, rows: [], notices: [], scores: null, problem: null });
    Object.assign(this, { chosen: noRows, edited: null, arrangement: plain, again: false });
    this.measures = { known: {} };
    this.#history = [];
  }

  #remember() {
    this.#history = [...this.#history.slice(1 - KEPT_STEPS), this.rows];
  }

  async #change(rows: TableRow[]) {
    const before = this.rows;
    this.#remember();
    await this.#keep(before, rows);
  }

  async #keep(before: TableRow[], after: TableRow[]) {
    const { head } = this;
    if (!head) return;
    this.rows = after;
    const trouble = await this.#host.lab().change(head.id, rowChanges(before, after));
    if (trouble) this.#host.notify(trouble);
    this.tables = this.tables.map((one) =>
      one.id === head.id ? { ...one, rows: after.length } : one,
    );
  }

  #activeIds(): string[] {
    return this.#host
      .active()
      .map(({ id, strength = 1 }) => (strength === 1 ? id : `${id} × ${strength}`));
  }

  #progress(id: number) {
    const { job } = this.#host;
    return this.#host.callback((done: number, total: number) => {
      if (job.id === id) job.progress(done, total);
    });
  }
}

/** All rows as the table has them. */
const plain: Arrangement = { show: "all", search: "", sort: { by: "source", down: false } };
