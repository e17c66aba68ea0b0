import type { InferenceSession, Tensor } from "onnxruntime-common";
import type { GraphProgram } from "../graphs/Graph.ts";
import type { Memory } from "./Memory.ts";
import type { Runtime } from "./Runtime.ts";

/** A compiled graph. */
export interface Program {
  /** Runs it. Inputs that the graph does not have are left out; outputs belong to the caller. */
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
}

// Every session has threads of its own, which spin for a while after a run, in the way of the next
// session's.
const stopSpinning = { session: { force_spinning_stop: "1" } };

/** The last thing that each onnxruntime module was asked to do. */
const turns = new WeakMap<object, Promise<unknown>>();

/**
 * Does one thing after the other. onnxruntime-web suspends its wasm while WebGPU works (asyncify), and
 * a second call into it meanwhile corrupts its memory: "memory access out of bounds".
 */
function inTurn<T>({ ort }: Runtime, work: () => Promise<T>): Promise<T> {
  const turn = (turns.get(ort.InferenceSession) ?? Promise.resolve()).then(work, work);
  turns.set(ort.InferenceSession, turn);
  return turn;
}

/** Milliseconds that a job may go on before waiting messages, a Cancel among them, are let in. */
const BREATH_MS = 30;
let breathedAt = 0;

/**
 * Lets waiting messages in. A run on wasm is over before it returns, so that a job is one chain of
 * microtasks and a worker would hear nothing until its end; the other providers wait by themselves.
 */
async function breathe({ provider }: Runtime): Promise<void> {
  if (provider !== "wasm" || performance.now() - breathedAt < BREATH_MS) return;
  const { port1, port2 } = new MessageChannel();
  await new Promise((resolve) => {
    port1.onmessage = resolve;
    port2.postMessage(null);
  });
  port1.close();
  breathedAt = performance.now();
}

/** Sessions by name: one block program serves every layer, since weights are inputs. */
export class Programs {
  #runtime: Runtime;
  #memory: Memory;
  #sessions: InferenceSession[] = [];
  #programs = new Map<string, Promise<Program>>();

  constructor(runtime: Runtime, memory: Memory) {
    this.#runtime = runtime;
    this.#memory = memory;
  }

  /** The program of this name, made by `build` the first time. */
  get(name: string, build: () => GraphProgram): Promise<Program> {
    let program = this.#programs.get(name);
    if (!program) {
      program = this.#compile(build());
      this.#programs.set(name, program);
      program.catch(() => this.#programs.delete(name));
    }
    return program;
  }

  /** The forward and the backward program that `build` splits a graph into. */
  async pair(
    name: string,
    build: () => { forward: GraphProgram; backward: GraphProgram; saved: string[] },
  ) {
    let parts: ReturnType<typeof build> | undefined;
    const part = () => (parts ??= build());
    const forward = await this.get(`${name}.forward`, () => part().forward);
    const backward = await this.get(`${name}.backward`, () => part().backward);
    return { forward, backward };
  }

  async #compile({ bytes, inputs, outputs }: GraphProgram): Promise<Program> {
    const { ort, provider, device, threads } = this.#runtime;
    const options: InferenceSession.SessionOptions = {
      executionProviders: [device ? { name: "webgpu", device } : provider],
      logSeverityLevel: 3,
    };
    // Set where there is one: the native provider refuses what is undefined.
    if (provider === "webgpu") options.preferredOutputLocation = "gpu-buffer";
    if (provider === "cpu") options.extra = stopSpinning;
    if (threads) options.intraOpNumThreads = threads;
    const session = await inTurn(this.#runtime, () => ort.InferenceSession.create(bytes, options));
    this.#sessions.push(session);
    return {
      run: async (feeds) => {
        await breathe(this.#runtime);
        const used = Object.fromEntries(inputs.map((name) => [name, fed(feeds, name)]));
        const results = await inTurn(this.#runtime, () => session.run(used));
        return Object.fromEntries(
          Object.entries(outputs).map(([name, file]) => [name, this.#memory.adopt(results[file])]),
        );
      },
    };
  }

  async dispose(): Promise<void> {
    for (const session of this.#sessions) await inTurn(this.#runtime, () => session.release());
    this.#sessions = [];
    this.#programs.clear();
  }
}

function fed(feeds: Readonly<Record<string, Tensor>>, name: string): Tensor {
  const tensor = feeds[name];
  if (!tensor) throw new Error(`the graph's input "${name}" was not fed; pass it in feeds`);
  return tensor;
}
