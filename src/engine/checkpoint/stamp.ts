import { createSHA256 } from "hash-wasm";
import { byteSize, type TensorInfo } from "../../data/weights/safetensors.ts";

/** Numbers that are taken of a tensor, at least; of one with more rows, one of every row. */
const SAMPLES = 256;
/** The golden ratio's fraction: its multiples fall evenly, and in step with no row's length. */
const GOLDEN = 0.6180339887498949;

/** What was seen of a tensor's numbers. */
interface Sample {
  name: string;
  info: TensorInfo;
  /** Stored bytes of the taken numbers, in their order. */
  taken: Uint8Array;
  /** Which of them have passed. */
  seen: Uint8Array;
  missing: number;
}

/** Takes numbers of a checkpoint's tensors as they pass by, for its stamp: nothing is read for it. */
export class Samples {
  readonly #samples = new Map<string, Sample>();

  /**
   * Some bytes of a tensor, as they are stored.
   *
   * @param info of the whole tensor
   * @param begin where the bytes begin in the tensor, at a number
   */
  pass(name: string, info: TensorInfo, { bytes, begin }: { bytes: Uint8Array; begin: number }) {
    const sample = this.#samples.get(name) ?? emptySample(name, info);
    this.#samples.set(name, sample);
    if (sample.missing === 0) return;
    const width = byteSize[info.dtype];
    const numbers = (info.end - info.begin) / width;
    const count = sample.seen.length;
    const [first, last] = [begin / width, (begin + bytes.length) / width];
    for (let i = Math.max(0, Math.floor((first * count) / numbers) - 1); i < count; i++) {
      const at = position(i, count, numbers);
      if (at < first) continue;
      if (at >= last) break;
      const from = (at - first) * width;
      for (let b = 0; b < width; b++) sample.taken[i * width + b] = bytes[from + b];
      sample.missing -= 1 - sample.seen[i];
      sample.seen[i] = 1;
    }
  }

  /** The tensors of which all was seen, by name. */
  complete(): Pick<Sample, "name" | "info" | "taken">[] {
    const whole = [...this.#samples.values()].filter(({ missing }) => missing === 0);
    return whole.sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

/** Of a tensor of so many numbers, the place of the i-th that is taken: one in each of `count` equal stretches. */
function position(i: number, count: number, numbers: number): number {
  if (count === numbers) return i;
  return Math.floor(((i + ((i * GOLDEN) % 1)) * numbers) / count);
}

function emptySample(name: string, info: TensorInfo): Sample {
  const width = byteSize[info.dtype];
  const numbers = (info.end - info.begin) / width;
  const count = Math.min(numbers, Math.max(SAMPLES, info.shape[0] ?? 1));
  return {
    name,
    info,
    taken: new Uint8Array(count * width),
    seen: new Uint8Array(count),
    missing: count,
  };
}

/**
 * What a model is known by, whatever its folder is called: SHA-256 in hexadecimal over the files that describe it and,
 * by name, each tensor's name, type, shape and sampled numbers as they are stored. A bias, a norm and any other short
 * tensor goes in whole, of a longer one 256 numbers or one of every row; so an edited or fine-tuned copy has another
 * stamp, while the precision on the device, the provider, and whether the numbers came from safetensors or from
 * pytorch_model.bin make no difference.
 *
 * @param described config.json and what the tokenizer was read from, by their names
 */
export async function stampOf(
  described: ReadonlyMap<string, Uint8Array>,
  samples: Samples,
): Promise<string> {
  const hash = await createSHA256();
  const say = (what: unknown[]) => hash.update(`${JSON.stringify(what)}\n`);
  for (const path of [...described.keys()].sort()) {
    const bytes = described.get(path)!;
    say([path, bytes.length]);
    hash.update(bytes);
  }
  for (const { name, info, taken } of samples.complete()) {
    say([name, info.dtype, info.shape]);
    hash.update(taken);
  }
  return hash.digest("hex");
}
