/** Who computes something, so that it can be timed beside others. */
export interface Contender {
  /** Starts it once; what it returns may resolve before the GPU is done. */
  start(): unknown;
  /** Resolves when all that was started is done. */
  finish(): Promise<unknown>;
  /** The result, to be compared with the others'. */
  result(): Promise<ArrayLike<number>>;
  dispose(): void;
}

/** One line of the table. `seconds` is the median of `runs`, and `ratio` how many times ours it is. */
export interface Standing {
  name: string;
  seconds: number;
  fastest: number;
  runs: number;
  ratio: number;
  /** Operations of the whole product in 10⁹ a second, whatever was left out or done twice. */
  gflops: number;
  /** Those that were really done, where they are fewer. */
  doneGflops?: number | undefined;
  /** What was done, as a part of the adapter's peak, where that is known. */
  ofPeak?: number | undefined;
}

/** Why a contender is not in the table. */
export interface Absence {
  name: string;
  absent: string;
}

export interface ContestOptions {
  /** Operations of the whole product; `done` are those of the first contender, ours. */
  flops: number;
  done: number;
  peak?: number;
  rounds: number;
  /** Seconds that one timing takes at least, by starting the work several times. */
  least: number;
}

/**
 * Times contenders in turns, so that whatever else the machine does disturbs all alike. The first is ours.
 *
 * One that fails, or whose result differs from ours, is absent with the reason.
 */
export async function contest(
  makers: Record<string, () => Promise<Contender>>,
  options: ContestOptions,
): Promise<(Standing | Absence)[]> {
  const lines: {
    name: string;
    contender?: Contender;
    times: number[];
    repeats: number;
    absent?: string;
  }[] = [];
  let ours: ArrayLike<number> | undefined;
  for (const [name, make] of Object.entries(makers)) {
    const line = { name, times: [], repeats: 1 };
    try {
      const contender = await make();
      const once = await timed(contender, 1); // compiles
      const found = await contender.result();
      ours ??= found;
      const difference = largestDifference(found, ours);
      if (!(difference < 1e-3)) throw new Error(`its result differs from ours by ${difference}`);
      const second = once > 20 * options.least ? once : await timed(contender, 1);
      const repeats = Math.max(1, Math.ceil(options.least / second));
      lines.push({ ...line, contender, repeats });
    } catch (error) {
      lines.push({ ...line, absent: String(error) });
    }
  }
  for (let round = 0; round < options.rounds; round++)
    for (const { contender, times, repeats } of lines)
      if (contender) times.push((await timed(contender, repeats)) / repeats);
  for (const { contender } of lines) contender?.dispose();
  const unit = median(lines[0].times);
  return lines.map(({ name, times, absent }, i): Standing | Absence => {
    if (absent !== undefined) return { name, absent };
    const seconds = median(times);
    const done = i === 0 ? options.done : options.flops;
    return {
      name,
      seconds,
      fastest: Math.min(...times),
      runs: times.length,
      ratio: seconds / unit,
      gflops: options.flops / seconds / 1e9,
      doneGflops: done < options.flops ? done / seconds / 1e9 : undefined,
      ofPeak: options.peak === undefined ? undefined : done / seconds / 1e9 / options.peak,
    };
  });
}

async function timed(contender: Contender, repeats: number): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < repeats; i++) await contender.start();
  await contender.finish();
  return (performance.now() - start) / 1000;
}

function median(times: number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)];
}

/** Relative to the largest entry; NaN and another length count as infinite. */
function largestDifference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Infinity;
  let [most, size] = [0, 0];
  for (let i = 0; i < found.length; i++) {
    const difference = Math.abs(found[i] - expected[i]);
    if (!(difference <= most)) most = Number.isNaN(difference) ? Infinity : difference;
    size = Math.max(size, Math.abs(expected[i]));
  }
  return most / size;
}
