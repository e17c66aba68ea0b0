import { judge, type Verdict } from "./judge.ts";
import { mutateBytes } from "./mutate/bytes.ts";
import { Random, seedOf } from "./Random.ts";
import type { Target } from "./Target.ts";

/** Processor time that one input may take, in milliseconds: files of some kB take one or two. */
export const SLOW = 2000;

/** One input's answer, and how long it took in milliseconds of processor time. */
export interface Tried extends Verdict {
  index: number;
  time: number;
}

/** The inputs of a target: each is one of its seeds with some faults, the first ones the seeds themselves. */
export class Inputs {
  readonly target: Target;
  readonly #seed: number;
  readonly #seeds: readonly Uint8Array[];

  private constructor(target: Target, seed: number, seeds: readonly Uint8Array[]) {
    this.target = target;
    this.#seed = seed;
    this.#seeds = seeds;
  }

  static async of(target: Target, seed: number): Promise<Inputs> {
    return new Inputs(target, seed, await target.seeds());
  }

  /** @param index from 0 on, in any order */
  bytes(index: number): Uint8Array {
    const seeds = this.#seeds;
    if (index < seeds.length) return seeds[index];
    const random = new Random(seedOf(this.#seed, this.target.name, index));
    const seed = random.pick(seeds).slice();
    const structured = this.target.mutate && !random.once(5);
    return structured ? this.target.mutate!(seed, random) : mutateBytes(seed, random);
  }

  async try(index: number): Promise<Tried> {
    const bytes = this.bytes(index);
    const before = process.cpuUsage();
    const verdict = await judge(this.target, bytes);
    const { user, system } = process.cpuUsage(before);
    return { ...verdict, index, time: (user + system) / 1000 };
  }
}
