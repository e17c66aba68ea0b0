import type { Random } from "../Random.ts";
import { mutateJson } from "./json.ts";
import { mutateSafetensors } from "./safetensorsFile.ts";

/** A safetensors file with faults in a JSON text that its metadata holds, or as any other. */
export function mutateMetadata(bytes: Uint8Array, random: Random): Uint8Array {
  if (random.once(3)) return mutateSafetensors(bytes, random);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as {
    __metadata__: Record<string, string>;
  };
  const metadata = header.__metadata__;
  const key = random.pick(Object.keys(metadata));
  metadata[key] = mutateJson(metadata[key], random);
  const text = JSON.stringify(header);
  const encoded = new TextEncoder().encode(text.padEnd(text.length + 8, " "));
  const padded = encoded.subarray(0, encoded.length - (encoded.length % 8));
  const file = new Uint8Array(8 + padded.length + bytes.length - 8 - length);
  new DataView(file.buffer).setBigUint64(0, BigInt(padded.length), true);
  file.set(padded, 8);
  file.set(bytes.subarray(8 + length), 8 + padded.length);
  return file;
}
