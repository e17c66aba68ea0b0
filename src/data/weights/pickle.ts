import { bounds } from "../outside/bounds.ts";
import { shown } from "../outside/shown.ts";

/** A class or function that a pickle names; it is only ever compared, never called by its name. */
export class PickleGlobal {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** What a pickle may build besides numbers, strings, lists and dictionaries. */
export interface PickleRules {
  /** What calling a global with arguments gives; undefined for a global that may be named but not called. */
  globals: ReadonlyMap<string, ((args: unknown[]) => unknown) | undefined>;
  /** What a persistent id stands for. */
  persistent: (id: unknown) => unknown;
}

const MARK = Symbol("mark");
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** One pickle being read: a stack, a memo and a place in the bytes. */
class PickleMachine {
  readonly bytes: Uint8Array;
  readonly what: string;
  readonly rules: PickleRules;
  readonly stack: unknown[] = [];
  readonly memo = new Map<number, unknown>();
  readonly #view: DataView;
  #at = 0;
  #made = 0;

  constructor(bytes: Uint8Array, what: string, rules: PickleRules) {
    this.bytes = bytes;
    this.what = what;
    this.rules = rules;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Moves past `count` bytes and says where they began. */
  skip(count: number): number {
    const begin = this.#at;
    if (count > this.bytes.length - begin)
      throw this.damaged(`it ends at byte ${this.bytes.length}`);
    this.#at += count;
    return begin;
  }

  uint8 = (): number => this.#view.getUint8(this.skip(1));
  uint16 = (): number => this.#view.getUint16(this.skip(2), true);
  int32 = (): number => this.#view.getInt32(this.skip(4), true);
  uint32 = (): number => this.#view.getUint32(this.skip(4), true);
  double = (): number => this.#view.getFloat64(this.skip(8));

  text(length: number): string {
    const begin = this.skip(length);
    try {
      return UTF8.decode(this.bytes.subarray(begin, begin + length));
    } catch {
      throw this.damaged(`the text at byte ${begin} is no UTF-8`);
    }
  }

  line(): string {
    const end = this.bytes.indexOf(10, this.#at);
    if (end < 0) throw this.damaged(`it ends at byte ${this.bytes.length}`);
    const line = this.text(end - this.#at);
    this.skip(1);
    return line;
  }

  /** A whole number of `length` bytes, the least significant first, in two's complement. */
  long(length: number): number {
    const begin = this.skip(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[begin + i]);
    return Number(BigInt.asIntN(8 * length, value));
  }

  /** One more value is made. */
  count(): void {
    if (++this.#made > bounds.pickleObjects) {
      throw this.refused(`makes more than ${bounds.pickleObjects} values`);
    }
  }

  pop(): unknown {
    if (this.stack.length === 0 || this.stack.at(-1) === MARK) {
      throw this.damaged(`it takes from an empty stack at byte ${this.#at}`);
    }
    return this.stack.pop();
  }

  /** What lies above the last mark, which goes too. */
  popToMark(): unknown[] {
    const mark = this.stack.lastIndexOf(MARK);
    if (mark < 0) throw this.damaged(`it looks for a mark that is not there at byte ${this.#at}`);
    const items = this.stack.splice(mark + 1);
    this.stack.pop();
    return items;
  }

  /** The container on top of the stack. */
  top<T extends unknown[] | Map<unknown, unknown>>(type: new () => T): T {
    const top = this.stack.at(-1);
    if (top instanceof type) return top;
    throw this.damaged(`it adds to what is no container at byte ${this.#at}`);
  }

  recall(index: number): unknown {
    if (this.memo.has(index)) return this.memo.get(index);
    throw this.damaged(`it recalls memo ${index}, which is empty`);
  }

  global(name: string): PickleGlobal {
    if (this.rules.globals.has(name)) return new PickleGlobal(name);
    throw this.refused(`asks for ${shown(name)}`);
  }

  call(callee: unknown, args: unknown): unknown {
    const name = callee instanceof PickleGlobal ? callee.name : "what is no function";
    const made = callee instanceof PickleGlobal && this.rules.globals.get(name);
    if (!made || !Array.isArray(args)) throw this.refused(`calls ${shown(name)}`);
    return made(args);
  }

  damaged(how: string): Error {
    return new Error(`${this.what} is damaged: ${how}`);
  }

  refused(how: string): Error {
    return new Error(
      `${this.what} is refused: the pickle ${how}; only tensors are read, and nothing is run`,
    );
  }
}

type Step = (machine: PickleMachine) => void;

const push =
  (make: (machine: PickleMachine) => unknown): Step =>
  (machine) => {
    machine.count();
    machine.stack.push(make(machine));
  };

const tuple = (count: number): Step =>
  push((machine) => Array.from({ length: count }, () => machine.pop()).reverse());

const remember = (machine: PickleMachine, index: number) => {
  const top = machine.pop();
  machine.memo.set(index, top);
  machine.stack.push(top);
};

const setItems = (machine: PickleMachine, items: unknown[]) => {
  const map = machine.top<Map<unknown, unknown>>(Map);
  if (items.length % 2 === 1) throw machine.damaged("a dictionary has a key without a value");
  for (let i = 0; i < items.length; i += 2) map.set(items[i], items[i + 1]);
};

/** Protocol 2 as torch.save writes it, by the letters of CPython's pickletools. */
const steps = new Map<number, Step>([
  [0x80, (machine) => checkProtocol(machine, machine.uint8())],
  [code("("), push(() => MARK)],
  [code("N"), push(() => null)],
  [0x88, push(() => true)],
  [0x89, push(() => false)],
  [code("J"), push((machine) => machine.int32())],
  [code("K"), push((machine) => machine.uint8())],
  [code("M"), push((machine) => machine.uint16())],
  [0x8a, push((machine) => machine.long(machine.uint8()))],
  [code("G"), push((machine) => machine.double())],
  [code("X"), push((machine) => machine.text(machine.uint32()))],
  [code(")"), push(() => [])],
  [0x85, tuple(1)],
  [0x86, tuple(2)],
  [0x87, tuple(3)],
  [code("t"), push((machine) => machine.popToMark())],
  [code("]"), push(() => [])],
  [code("}"), push(() => new Map<unknown, unknown>())],
  [code("a"), (machine) => appendAll(machine, [machine.pop()])],
  [code("e"), (machine) => appendAll(machine, machine.popToMark())],
  [code("s"), (machine) => setItems(machine, [machine.pop(), machine.pop()].reverse())],
  [code("u"), (machine) => setItems(machine, machine.popToMark())],
  [code("q"), (machine) => remember(machine, machine.uint8())],
  [code("r"), (machine) => remember(machine, machine.uint32())],
  [code("h"), push((machine) => machine.recall(machine.uint8()))],
  [code("j"), push((machine) => machine.recall(machine.uint32()))],
  [code("c"), push((machine) => machine.global(`${machine.line()}.${machine.line()}`))],
  [code("Q"), push((machine) => machine.rules.persistent(machine.pop()))],
  [code("R"), (machine) => reduce(machine)],
  [code("b"), (machine) => build(machine)],
]);
const STOP = code(".");

function code(letter: string): number {
  return letter.charCodeAt(0);
}

function checkProtocol(machine: PickleMachine, protocol: number): void {
  if (protocol === 2) return;
  throw machine.refused(`has protocol ${protocol}, where torch.save writes 2`);
}

function appendAll(machine: PickleMachine, items: unknown[]): void {
  const list = machine.top<unknown[]>(Array);
  for (const item of items) list.push(item);
}

function reduce(machine: PickleMachine): void {
  const args = machine.pop();
  machine.stack.push(machine.call(machine.pop(), args));
}

/** A state dictionary carries its modules' versions as attributes, which say nothing of its tensors. */
function build(machine: PickleMachine): void {
  const state = machine.pop();
  const target = machine.stack.at(-1);
  if (state instanceof Map && target instanceof Map) return;
  throw machine.refused("sets the state of what is no dictionary");
}

/**
 * Reads a pickle without running anything: instructions beyond what torch.save writes, and every name that `rules` do
 * not list, are refused. Dictionaries become Maps, lists and tuples arrays. Nothing nests while it is read, the work
 * is proportional to the pickle's length, and no more values are made than {@link bounds} allow.
 *
 * @param what names the file in messages
 * @throws one sentence: what is refused, by its name, or how the pickle is damaged
 */
export function readPickle(bytes: Uint8Array, what: string, rules: PickleRules): unknown {
  const machine = new PickleMachine(bytes, what, rules);
  for (;;) {
    const at = machine.skip(1);
    if (bytes[at] === STOP) return machine.pop();
    const step = steps.get(bytes[at]);
    if (!step) {
      throw machine.refused(`has the instruction 0x${bytes[at].toString(16)} at byte ${at}`);
    }
    step(machine);
  }
}
