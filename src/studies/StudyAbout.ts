import * as v from "valibot";
import { bounds } from "../data/outside/bounds.ts";
import { checkShape } from "../data/outside/checkShape.ts";
import { list, longText, name, number, object, record, whole } from "../data/outside/kinds.ts";
import { shown } from "../data/outside/shown.ts";
import type { FilterCount, Selection } from "./Selection.ts";

const FORMAT = "palimpsest.study";
const VERSION = 1;

/** What a study's rows are of: `study.json` beside them. */
export interface StudyAbout<S extends object = object> extends StudyRun {
  format: typeof FORMAT;
  version: typeof VERSION;
  study: string;
  /** The model's name and revision, and what its content is known by whatever it is called. */
  model: string;
  revision: string;
  stamp: string;
  precision: string;
  settings: S;
  /** The editing methods, each with all of its settings. */
  methods: MethodAbout[];
  /** Digests of the covariances that are read, by their layers ({@link statisticsAbout}). */
  statistics: string;
  /** Templates given in the place of sampled ones. */
  contexts: unknown;
  seed: number;
  cases: FileAbout & { count: number };
  inputs: Record<string, FileAbout>;
  filters: FilterCount[];
  /** Places of the chosen cases in the file. */
  chosen: Omit<Selection, "filters">;
}

const named = { file: name, digest: name };
const file = object(named);
const places = list(whole(0, bounds.facts), bounds.facts);
/** What the rows of any study are summed up by; a study's own settings are its own to read. */
const about = object({
  study: name,
  model: name,
  revision: name,
  stamp: name,
  precision: name,
  settings: record,
  methods: list(object({ name, title: name, settings: record }), bounds.layers),
  statistics: longText,
  seed: number,
  cases: object({ ...named, count: whole() }),
  inputs: v.record(name, file, "an object"),
  filters: list(object({ name, in: whole(), out: whole() }), bounds.layers),
  chosen: object({ cases: places, others: v.optional(v.record(name, places, "an object")) }),
  app: name,
  date: name,
  device: name,
});

/** An editing method by its name, and what it was set to. */
export interface MethodAbout {
  name: string;
  title: string;
  settings: Record<string, unknown>;
}

/** A file that was read. */
export interface FileAbout {
  file: string;
  /** SHA-256 of its bytes, in hexadecimal. */
  digest: string;
}

/** When, with and on what the study was begun; this may differ from run to run. */
export interface StudyRun {
  app: string;
  /** ISO 8601. */
  date: string;
  /** Provider and machine. */
  device: string;
}

/** All of it but what only choosing the cases tells. */
export type StudyOrder<S extends object> = Omit<
  StudyAbout<S>,
  "format" | "version" | "filters" | "chosen"
>;

/** The order with its cases, as `study.json` has it. */
export function studyAbout<S extends object>(
  order: StudyOrder<S>,
  { filters, ...chosen }: Selection,
): StudyAbout<S> {
  return { format: FORMAT, version: VERSION, ...order, filters, chosen };
}

/**
 * Reads what `study.json` holds.
 *
 * @param what names it in messages
 * @throws where it is something else, or of another version
 */
export function readAbout(json: unknown, what: string): StudyAbout {
  const { format, version } = (json ?? {}) as Partial<Record<"format" | "version", unknown>>;
  if (format !== FORMAT) throw new Error(`${shown(what, 100)} is not a study of Palimpsest`);
  if (version !== VERSION) {
    throw new Error(
      `${shown(what, 100)}: got version ${shown(version)}, expected ${VERSION}; update Palimpsest`,
    );
  }
  return checkShape(json, about, what) as unknown as StudyAbout;
}

/** What may be another from run to run and from shard to shard. */
const FREE = new Set(["app", "date", "device", "cases.file", "model", "revision"]);

/**
 * What two studies must share for their rows to go together, and do not: `settings.layer: 2 there, 3 here`.
 * Files count by their digests and models by their stamps, whatever they are called.
 */
export function differences(there: object, here: object): string[] {
  const [before, now] = [flat(there), flat(here)];
  const paths = [...new Set([...before.keys(), ...now.keys()])];
  return paths
    .filter((path) => !FREE.has(path) && !/^inputs\.\w+\.file$/.test(path))
    .filter((path) => before.get(path) !== now.get(path))
    .map((path) => `${path}: ${said(before.get(path))} there, ${said(now.get(path))} here`);
}

/**
 * Refuses to put rows of two studies together.
 *
 * @param where what holds the rows that are there, and what to do
 * @throws `study/ holds rows of other settings, settings.layer: 2 there, 3 here; …`
 */
export function refuseOthers(
  there: object,
  here: object,
  { where, advice }: { where: string; advice: string },
): void {
  const found = differences(comparable(there), comparable(here));
  if (found.length === 0) return;
  const more = found.length > 3 ? ` and ${found.length - 3} more` : "";
  const list = `${found.slice(0, 3).join("; ")}${more}`;
  throw new Error(`${where} holds rows of other settings (${list}); ${advice}`);
}

/** The methods' settings beside the study's own: a reader knows both as settings. */
function comparable(about: object): object {
  const { methods, settings, filters, chosen, ...rest } = about as StudyAbout;
  const [only, ...others] = methods;
  const named = Object.fromEntries(methods.map((method) => [method.name, method.settings]));
  const theirs = only && others.length === 0 ? only.settings : named;
  return {
    ...rest,
    methods: methods.map(({ name }) => name),
    settings: { ...theirs, ...settings },
  };
}

/** Values by their paths; lists are values. */
function flat(value: object, path = ""): Map<string, string> {
  return new Map(
    Object.entries(value).flatMap(([key, inner]: [string, unknown]): [string, string][] => {
      const at = path ? `${path}.${key}` : key;
      if (inner === undefined) return [];
      if (typeof inner !== "object" || inner === null || Array.isArray(inner))
        return [[at, JSON.stringify(inner)]];
      return [...flat(inner, at)];
    }),
  );
}

const said = (value: string | undefined): string => {
  if (value === undefined) return "nothing";
  const text = value.replace(/^"(.*)"$/, "$1");
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
};
