import type { Random } from "../Random.ts";
import { mutateBytes } from "./bytes.ts";
import { mutateJson } from "./json.ts";

/** The file of a header and data, with the header's true length or another. */
function fileOf(header: Uint8Array, data: Uint8Array, length = BigInt(header.length)): Uint8Array {
  const file = new Uint8Array(8 + header.length + data.length);
  new DataView(file.buffer).setBigUint64(0, length, true);
  file.set(header, 8);
  file.set(data, 8 + header.length);
  return file;
}

const lengths = [0n, 1n, 2n, 7n, 100_000_000n, 100_000_001n, 2n ** 32n, 2n ** 53n, 2n ** 64n - 1n];

/** A safetensors file with faults in its header's JSON, its text, its length or its data. */
export function mutateSafetensors(bytes: Uint8Array, random: Random): Uint8Array {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = bytes.subarray(8, 8 + length);
  const data = bytes.subarray(8 + length);
  switch (random.int(8)) {
    case 0:
      return fileOf(mutateBytes(header, random), data);
    case 1:
      return fileOf(header, mutateBytes(data, random));
    case 2:
      return fileOf(
        header,
        data,
        random.pick([...lengths, BigInt(length + 1), BigInt(length - 1)]),
      );
    default: {
      const text = mutateJson(new TextDecoder().decode(header), random);
      const padding = random.pick(["", " ", "   ", "\0", "\n", "x"]);
      return fileOf(new TextEncoder().encode(text + padding), data);
    }
  }
}
