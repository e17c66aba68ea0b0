import type { Random } from "../Random.ts";

/** Text that goes into JSON as it is: numbers that JavaScript cannot hold, and what is no JSON. */
class Verbatim {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const verbatim = (...texts: string[]) => texts.map((text) => new Verbatim(text));

const strange: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  1.5,
  7,
  2 ** 31,
  1e9,
  2 ** 53,
  "",
  "x",
  "5",
  "../../etc/passwd",
  "\u001b[2J\n\u202e",
  "__proto__",
  "constructor",
  "x".repeat(2000),
  "\ud800",
  [],
  {},
  [[]],
  [null],
  { length: 5 },
  ...verbatim("1e999", "-0", "2.0", "1e2", "NaN", "undefined", "01", "{", '"\\u', "[".repeat(300)),
];

/** A strange value of its own: what is changed later must not be changed for others. */
function strangeOne(random: Random): unknown {
  const value = random.pick(strange);
  return value instanceof Verbatim ? value : structuredClone(value);
}

/** Every object and list in a value, with its members' keys. */
function* containers(value: unknown): Generator<[Record<string, unknown>, string[]]> {
  if (typeof value !== "object" || value === null || value instanceof Verbatim) return;
  const keys = Object.keys(value);
  if (keys.length > 0) yield [value as Record<string, unknown>, keys];
  for (const key of keys) yield* containers((value as Record<string, unknown>)[key]);
}

/** Copies of members, which an object of JavaScript cannot hold twice. */
const doubled = new WeakMap<object, [key: string, value: unknown][]>();

function changeMember(parent: Record<string, unknown>, key: string, random: Random): void {
  const value = parent[key];
  const other = random.pick(Object.keys(parent));
  const change = random.int(8);
  if (change === 0) delete parent[key];
  else if (change === 1 && Array.isArray(parent)) parent.push(value);
  else if (change === 1) doubled.set(parent, [[key, random.once(2) ? value : parent[other]]]);
  else if (change === 2) [parent[key], parent[other]] = [parent[other], value];
  else if (change === 3 && !Array.isArray(parent)) {
    parent[random.pick(["", "x", "__proto_", "length", `${key}x`, "\u0000"])] = value;
    if (random.once(2)) delete parent[key];
  } else if (typeof value === "number" && random.once(2)) {
    parent[key] = random.pick([value + 1, value - 1, -value, value * 2, value / 2, value * 1e9]);
  } else if (typeof value === "string" && random.once(2)) {
    const at = random.int(value.length + 1);
    parent[key] = value.slice(0, at) + random.pick(["\u0000", "é", "\u2028", ".", "/", "0"]) + value.slice(at + random.int(2)); // prettier-ignore
  } else parent[key] = strangeOne(random);
}

function print(value: unknown): string {
  if (value instanceof Verbatim) return value.text;
  if (Array.isArray(value)) return `[${Array.from(value, print).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const members = [...Object.entries(value), ...(doubled.get(value) ?? [])];
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${print(member)}`).join(",")}}`;
}

/** A JSON text with one to three members changed, left out, doubled, renamed or replaced by what is strange. */
export function mutateJson(text: string, random: Random): string {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch {
    return text;
  }
  for (let left = 1 + random.int(3); left > 0; left--) {
    const all = [...containers(root)];
    if (all.length === 0 || random.once(40)) return print(strangeOne(random));
    // Small objects hold as much of a format as the large ones they lie in.
    const [parent, keys] = random.pick(all);
    changeMember(parent, random.pick(keys), random);
  }
  return print(root);
}

/** {@link mutateJson} of bytes. */
export const mutateJsonBytes = (bytes: Uint8Array, random: Random): Uint8Array =>
  new TextEncoder().encode(mutateJson(new TextDecoder().decode(bytes), random));
