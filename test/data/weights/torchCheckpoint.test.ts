import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { crc32 } from "../../../src/data/archive/crc32.ts";
import { parseHeader, toFloat32 } from "../../../src/data/weights/safetensors.ts";
import { openTorchCheckpoint } from "../../../src/data/weights/torchCheckpoint.ts";

const fixture = async (name: string): Promise<Uint8Array> =>
  new Uint8Array(await readFile(new URL(`../fixtures/${name}`, import.meta.url)));

/** A file's bytes, which counts what is read of them. */
function sourceOf(bytes: Uint8Array) {
  const source = {
    size: bytes.length,
    reads: [] as [number, number][],
    read: (begin: number, end: number) => {
      source.reads.push([begin, end]);
      return Promise.resolve(bytes.slice(begin, end));
    },
  };
  return source;
}

/** Where the bytes of a member of torch_f32.bin begin, from its local header on. */
function dataOf(bytes: Uint8Array, name: string): number {
  const local = indexOf(bytes, `torch_f32/${name}`, 0) - 30;
  const data = new DataView(bytes.buffer, bytes.byteOffset);
  return 30 + data.getUint16(local + 26, true) + data.getUint16(local + 28, true);
}

/** The file with the checksum that a member of torch_f32.bin now has. */
function sealed(bytes: Uint8Array, name: string): Uint8Array {
  const data = new DataView(bytes.buffer, bytes.byteOffset);
  const end = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 22);
  const central = indexOf(bytes, `torch_f32/${name}`, end.getUint32(16, true)) - 46;
  const begin = data.getUint32(central + 42, true) + dataOf(bytes, name);
  const contents = bytes.subarray(begin, begin + data.getUint32(central + 24, true));
  data.setUint32(central + 16, crc32(contents), true);
  return bytes;
}

const open = (bytes: Uint8Array) => openTorchCheckpoint(sourceOf(bytes), "a.bin");

/** Every floating-point tensor of a checkpoint. */
async function numbersOf(bytes: Uint8Array): Promise<Map<string, Float32Array>> {
  const numbers = new Map<string, Float32Array>();
  for (const [name, { info, locate }] of await open(bytes)) {
    if (info.dtype === "U8") continue;
    const begin = await locate();
    const end = begin + info.end - info.begin;
    numbers.set(name, toFloat32(bytes.slice(begin, end), info.dtype));
  }
  return numbers;
}

/** The same weights as safetensors wrote them. */
async function expected(): Promise<Map<string, { data: Float32Array; shape: number[] }>> {
  const bytes = await fixture("torch_f32.safetensors");
  const { tensors } = parseHeader(bytes);
  return new Map(
    [...tensors].map(([name, { dtype, shape, begin, end }]) => [
      name,
      { data: toFloat32(bytes.slice(begin, end), dtype), shape },
    ]),
  );
}

test.for([
  ["torch_f32.bin", 0, "F32"],
  ["torch_f64.bin", 0, "F64"],
  ["torch_f16.bin", 2 ** -11, "F16"],
  ["torch_bf16.bin", 2 ** -8, "BF16"],
] as const)("%s has the weights of the safetensors", async ([file, rtol, dtype]) => {
  const bytes = await fixture(file);
  const numbers = await numbersOf(bytes);
  const tensors = await open(bytes);
  for (const [name, { data, shape }] of await expected()) {
    expect(tensors.get(name)!.info).toMatchObject({ dtype, shape });
    expect(numbers.get(name)).toBeAllclose(data, { rtol, atol: 0 });
  }
  expect(tensors.get("h.0.attn.bias")!.info).toMatchObject({ dtype: "U8", shape: [1, 1, 3, 3] });
  expect(tensors.get("h.0.attn.masked_bias")!.info).toMatchObject({ shape: [] });
});

test("a tensor begins where torch.save puts it, so its header is only confirmed", async () => {
  for (const [, { info, locate }] of await open(await fixture("torch_f32.bin"))) {
    expect(await locate()).toBe(info.begin);
    expect(info.begin % 64).toBe(0);
  }
});

test("of the file the ends, the directory and the pickle are read, then one header per storage", async () => {
  const source = sourceOf(await fixture("torch_views.bin"));
  const tensors = await openTorchCheckpoint(source, "a.bin");
  const before = source.reads.length;
  await tensors.get("wte.weight")!.locate();
  await tensors.get("lm_head.weight")!.locate();
  await tensors.get("h.0.mlp.c_fc.bias")!.locate();
  const headers = source.reads.slice(before);
  expect(headers).toHaveLength(1);
  expect(headers[0][1] - headers[0][0]).toBe(30 + "torch_views/data/0".length);
});

test("parameters, views of one storage, versions of modules, an empty tensor", async () => {
  const bytes = await fixture("torch_views.bin");
  const [numbers, tensors] = [await numbersOf(bytes), await open(bytes)];
  const same = await expected();
  const wte = same.get("wte.weight")!.data;
  expect(numbers.get("weight")).toEqual(same.get("h.0.mlp.c_fc.weight")!.data);
  expect(numbers.get("wte.weight")).toEqual(wte);
  expect(numbers.get("lm_head.weight")).toEqual(wte);
  expect(numbers.get("h.0.mlp.c_fc.bias")).toEqual(same.get("h.0.mlp.c_fc.bias")!.data);
  expect(numbers.get("empty")).toEqual(new Float32Array());
  expect(tensors.get("lm_head.weight")!.info).toEqual(tensors.get("wte.weight")!.info);
});

describe("refused with one sentence", () => {
  test("a transposed tensor", async () => {
    await expect(open(await fixture("torch_transposed.bin"))).rejects.toThrow(
      "a.bin is refused: tensor wte.weight [4, 7] is a view with strides [1, 4]; save it after .contiguous()",
    );
  });

  test("a pickled module", async () => {
    await expect(open(await fixture("torch_module.bin"))).rejects.toThrow(
      "a.bin is refused: the pickle asks for torch.nn.modules.linear.Linear; only tensors are read, and nothing is run",
    );
  });

  test("the format before zip files", async () => {
    await expect(open(await fixture("torch_legacy.bin"))).rejects.toThrow(
      "a.bin has the format of PyTorch before 1.6, which cannot be read by ranges",
    );
  });

  test("no zip file, and a zip file of something else", async () => {
    await expect(open(new Uint8Array(100))).rejects.toThrow("a.bin is not a zip archive");
    await expect(open(await fixture("numpy_stored.npz"))).rejects.toThrow(
      "a.bin is not a PyTorch checkpoint: its archive has no data.pkl",
    );
  });

  test("a storage that is packed, one that is missing, another byte order", async () => {
    const bytes = await fixture("torch_f32.bin");
    const central = indexOf(bytes, "torch_f32/data/0", bytes.length - 1500) - 46;
    const packed = bytes.slice();
    packed[central + 10] = 8;
    await expect(open(packed)).rejects.toThrow(
      "a.bin is refused: torch_f32/data/0 in its archive is packed, where torch.save only stores",
    );
    const missing = bytes.slice();
    missing[central + 46 + "torch_f32/data/".length] = "x".charCodeAt(0);
    await expect(open(missing)).rejects.toThrow("a.bin is damaged: its archive has no data/0");
    const order = bytes.slice();
    order.set(new TextEncoder().encode("biggie"), indexOf(bytes, "little", 0));
    await expect(open(order)).rejects.toThrow("its byteorder does not match its checksum");
    await expect(open(sealed(order, "byteorder"))).rejects.toThrow(
      'its byteorder is "biggie", not the byte order of the numbers, little',
    );
  });

  test("a version that is none, and a member beside its folder", async () => {
    const bytes = await fixture("torch_f32.bin");
    const version = bytes.slice();
    version[indexOf(bytes, "torch_f32/version", 0) - 30 + dataOf(bytes, "version")] = 0x78;
    await expect(open(sealed(version, "version"))).rejects.toThrow(/its version is "x.{0,8}", not/);
    const beside = bytes.slice();
    beside[indexOf(bytes, "torch_f32/data/3", bytes.length - 1500)] = 0x78;
    await expect(open(beside)).rejects.toThrow(
      'a.bin is refused: "xorch_f32/data/3" is not in its folder torch_f32/',
    );
  });

  test("a storage that is not where the directory says", async () => {
    const bytes = await fixture("torch_f32.bin");
    const tensors = await open(bytes);
    const local = indexOf(bytes, "torch_f32/data/0", 0) - 30;
    bytes[local] = 0;
    await expect(tensors.get("wte.weight")!.locate()).rejects.toThrow(
      'a.bin is damaged: "torch_f32/data/0" is not where the directory says',
    );
  });
});

describe("a pickle that lies about its tensors", () => {
  /** The fixture with one short piece of its pickle replaced. */
  async function changed(from: number[], to: number[]): Promise<Uint8Array> {
    const bytes = await fixture("torch_f32.bin");
    const at = bytes.findIndex((_, i) => from.every((byte, j) => bytes[i + j] === byte));
    expect(at).toBeGreaterThan(0);
    bytes.set(to, at);
    return sealed(bytes, "data.pkl");
  }
  const K = "K".charCodeAt(0);
  const shape = [K, 7, K, 4, 0x86]; // wte.weight [7, 4]

  test("more rows than the storage has", async () => {
    // Its strides stay [4, 1], so it is contiguous and too long.
    await expect(open(await changed(shape, [K, 8, K, 4, 0x86]))).rejects.toThrow(
      "a.bin is damaged: tensor wte.weight needs numbers 0–32, its storage has 28",
    );
  });

  test("a storage that claims more than its file", async () => {
    const bytes = await changed([K, 28, 0x74], [K, 99, 0x74]);
    await expect(open(bytes)).rejects.toThrow("its storage has 28");
  });

  test("a shape that is no number", async () => {
    await expect(open(await changed(shape, [0x4e, 0x4e, K, 4, 0x86]))).rejects.toThrow(
      /^a\.bin is /,
    );
  });
});

describe("damage anywhere is one sentence", () => {
  const sentence = /^a\.bin (is|has|cannot) [^\n]*$/;

  test("cut short at every byte", async () => {
    const bytes = await fixture("torch_f32.bin");
    for (let length = 0; length < bytes.length; length++) {
      await expect(open(bytes.slice(0, length))).rejects.toThrow(sentence);
    }
  });

  test("the pickle alone cut short at every byte, in a file that is whole", async () => {
    const bytes = await fixture("torch_f32.bin");
    const central = indexOf(bytes, "torch_f32/data.pkl", bytes.length - 1500) - 46;
    const size = new DataView(bytes.buffer).getUint32(central + 24, true);
    for (let length = 0; length < size; length++) {
      const cut = bytes.slice();
      for (const field of [20, 24]) {
        new DataView(cut.buffer).setUint32(central + field, length, true);
      }
      await expect(open(cut)).rejects.toThrow(sentence);
    }
  });

  test("every byte of the pickle and of the directory changed: tensors inside the file, or a sentence", async () => {
    const bytes = await fixture("torch_f32.bin");
    const places = [
      ...Array.from({ length: 900 }, (_, i) => i),
      ...Array.from({ length: 900 }, (_, i) => bytes.length - 900 + i),
    ];
    for (const at of places) {
      const hurt = bytes.slice();
      hurt[at] ^= 0x15;
      try {
        for (const { info, locate } of (await open(hurt)).values()) {
          const begin = await locate();
          expect(begin + info.end - info.begin).toBeLessThanOrEqual(hurt.length);
        }
      } catch (error) {
        expect((error as Error).message).toMatch(sentence);
      }
    }
  });
});

function indexOf(bytes: Uint8Array, text: string, from: number): number {
  const letters = new TextEncoder().encode(text);
  for (let at = from; at + letters.length <= bytes.length; at++) {
    if (letters.every((letter, i) => bytes[at + i] === letter)) return at;
  }
  throw new Error(`no ${text} in the fixture`);
}
