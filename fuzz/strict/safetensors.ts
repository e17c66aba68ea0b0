// The rules of the reference reader (the safetensors crate), one after the other.

const bits: Record<string, number> = {
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  F64: 64,
  I64: 64,
  U64: 64,
};

/** Throws where a rule is broken. */
export function checkSafetensors(bytes: Uint8Array): void {
  must(bytes.length >= 8, "eight bytes");
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  must(length <= 100_000_000, "a header of at most 100 MB");
  must(8 + length <= bytes.length, "a whole header");
  const header = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
    bytes.subarray(8, 8 + length),
  );
  const { __metadata__: metadata, ...tensors } = JSON.parse(header) as Record<string, unknown>;
  checkTokens(header);
  checkMetadata(metadata);
  let end = 0;
  const infos = Object.values(tensors).map(checkTensor);
  for (const [begin, stop] of infos.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    must(begin === end, "tensors that follow each other");
    end = stop;
  }
  must(8 + length + end === bytes.length, "tensors that fill the file");
}

/** Numbers are whole and not negative, and no text has half a character: JSON.parse lets both pass. */
function checkTokens(header: string): void {
  must(header.trimStart().startsWith("{"), "an object");
  const texts = header.match(/"(?:[^"\\]|\\.)*"/g) ?? [];
  for (const text of texts) must((JSON.parse(text) as string).isWellFormed(), "whole characters");
  const rest = header.replace(/"(?:[^"\\]|\\.)*"/g, "");
  must(!/[-.eE]/.test(rest.replace(/true|false|null/g, "")), "whole numbers");
}

function checkMetadata(metadata: unknown): void {
  if (metadata === undefined || metadata === null) return;
  must(typeof metadata === "object" && !Array.isArray(metadata), "metadata that is an object");
  const texts = Object.values(metadata);
  must(texts.every((value) => typeof value === "string"), "metadata of texts"); // prettier-ignore
}

function checkTensor(entry: unknown): [begin: number, end: number] {
  const { dtype, shape, data_offsets: offsets } = entry as Record<string, unknown>;
  const whole = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((n) => Number.isInteger(n) && n >= 0 && n < 2 ** 64);
  must(typeof dtype === "string" && dtype in bits, "a type");
  must(whole(shape), "a shape");
  must(whole(offsets) && offsets.length === 2 && offsets[0] <= offsets[1], "two offsets");
  const [begin, end] = offsets as number[];
  const size = (shape as number[]).reduce((product, n) => product * n, bits[dtype as string] / 8);
  must(end - begin === size, "a size that fits");
  return [begin, end];
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`the reference reader wants ${what}`);
}
