import { shown } from "../outside/shown.ts";
import { readNpy, writeNpy, type NpyArray } from "./npy.ts";
import { readZip, writeZip, type ZipOptions } from "./zip.ts";

export type { NpyArray };

/**
 * Reads a NumPy `.npz` archive, as `numpy.savez` and `numpy.savez_compressed` write it. Pickled objects are
 * refused: what they would run is not data.
 *
 * @returns member name without ".npy" -> array
 * @throws one sentence that names the member, see `readZip` and `readNpy`
 */
export function readNpz(bytes: Uint8Array, options: ZipOptions = {}): Record<string, NpyArray> {
  const { what = "the .npz file" } = options;
  const arrays: Record<string, NpyArray> = {};
  for (const [member, contents] of readZip(bytes, { ...options, what })) {
    const name = member.replace(/\.npy$/, "");
    arrays[name] = readNpy(contents, `"${shown(name)}" in ${shown(what, 80)}`);
  }
  return arrays;
}

/**
 * Writes an `.npz` archive that `numpy.load` reads without `allow_pickle`: a stored zip of `.npy` files.
 *
 * @param arrays name -> array
 */
export function writeNpz(arrays: Record<string, NpyArray>): Uint8Array {
  return writeZip(
    Object.fromEntries(
      Object.entries(arrays).map(([name, array]) => [`${name}.npy`, writeNpy(array)]),
    ),
  );
}
