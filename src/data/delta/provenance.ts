/** A fact that was written; the prompt has one `{}`. */
export interface WrittenFact {
  prompt: string;
  subject: string;
  target: string;
}

/** Where a delta came from: enough to repeat it. */
export interface Provenance {
  format: "palimpsest.delta";
  /** Of this record; the file around it has a version of its own. */
  version: 1;
  /** Model id and revision the edit was made on. */
  model: string;
  revision: string;
  /** The editor's name, or what another program calls itself. */
  method: string;
  created?: string;
  /** Name and version of the program that wrote it. */
  app: string;
  seed: number;
  hyperparameters: Record<string, unknown>;
  request?: WrittenFact;
  /** Instead, where there are several. */
  requests?: WrittenFact[];
  [key: string]: unknown;
}

/** The facts that a delta was made for: many, one, or none that it tells of. */
export function requestsOf({ provenance }: { provenance: Provenance }): WrittenFact[] {
  const { request, requests } = provenance;
  return request ? [request] : (requests ?? []);
}

/**
 * A provenance as a file has it: what is kept and drawn later is checked here once.
 *
 * @param what names the file in messages
 * @throws one sentence that names the entry: missing, or of another kind
 */
export function checkProvenance(value: unknown, what: string): Provenance {
  const wrong = (key: string, expected: string) =>
    new Error(`${what} is damaged: its provenance has no ${key} (${expected})`);
  if (!isRecord(value)) throw new Error(`${what} is damaged: its provenance is not an object`);
  for (const key of ["model", "revision", "method", "app"]) {
    if (typeof value[key] !== "string") throw wrong(key, "a text");
  }
  if (!Number.isFinite(value.seed)) throw wrong("seed", "a number");
  if (!isRecord(value.hyperparameters)) throw wrong("hyperparameters", "an object");
  const { created, request, requests } = value;
  if (created !== undefined && typeof created !== "string") throw wrong("created", "a text");
  const fact = "with prompt, subject and target";
  if (request !== undefined && !isFact(request)) throw wrong("request", fact);
  if (requests !== undefined && !(Array.isArray(requests) && requests.every(isFact))) {
    throw wrong("requests", `a list, each ${fact}`);
  }
  return value as Provenance;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isFact = (value: unknown): value is WrittenFact =>
  isRecord(value) && ["prompt", "subject", "target"].every((key) => typeof value[key] === "string");
