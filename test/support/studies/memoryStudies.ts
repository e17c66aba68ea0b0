import { MemoryRows } from "../../../src/data/rows/RowStore.ts";
import type { IndexedStudies, StudySources } from "../../../src/engine/storage/IndexedStudies.ts";

/** What the browser keeps of studies, without a browser. */
export function memoryStudies(): IndexedStudies {
  const rows = new Map<string, MemoryRows & { count(): Promise<number> }>();
  const sources = new Map<string, StudySources>();
  const notes = new Map<string, object>();
  const fresh = () => {
    const made = new MemoryRows();
    return Object.assign(made, { count: async () => (await made.read()).length });
  };
  const of = (name: string) => rows.get(name) ?? rows.set(name, fresh()).get(name)!;
  const kept = {
    rows: of,
    names: () => Promise.resolve([...rows.keys()]),
    sources: (name: string) => Promise.resolve(sources.get(name)),
    hasSources: (name: string) => Promise.resolve(sources.has(name)),
    keepSources: (name: string, some: StudySources) =>
      Promise.resolve(void sources.set(name, some)),
    note: (name: string) => Promise.resolve(notes.get(name)),
    keepNote: (name: string, note: object) => Promise.resolve(void notes.set(name, note)),
    async take(name: string, about: object, taken: Parameters<MemoryRows["append"]>[0]) {
      await of(name).begin(about);
      await of(name).append(taken);
    },
    delete: (name: string) => {
      for (const map of [rows, sources, notes]) map.delete(name);
      return Promise.resolve();
    },
  };
  return kept as unknown as IndexedStudies;
}
