import { expect, test } from "vitest";
import { readZip } from "../../../src/data/archive/zip.ts";
import { directoryPlace, readDirectory } from "../../../src/data/archive/zipDirectory.ts";
import { directory, localHeader, ZipParts } from "../../../src/data/archive/zipParts.ts";

async function* pieces(...texts: string[]) {
  for (const text of texts) yield await Promise.resolve(new TextEncoder().encode(text));
}

test("members that come in pieces are read as they were, with names of any letters", async () => {
  const zip = new ZipParts();
  await zip.add("größe/a.txt", pieces("one ", "two"));
  await zip.add("empty", pieces());
  await zip.add("large", pieces("x".repeat(2 ** 20), "y"));
  const read = readZip(new Uint8Array(await zip.blob().arrayBuffer()));
  const text = (name: string) => new TextDecoder().decode(read.get(name));
  expect([...read.keys()]).toEqual(["größe/a.txt", "empty", "large"]);
  expect(text("größe/a.txt")).toBe("one two");
  expect(text("empty")).toBe("");
  expect(text("large")).toHaveLength(2 ** 20 + 1);
});

test("a member that ends early is not in the archive", async () => {
  const zip = new ZipParts();
  async function* broken() {
    yield await Promise.resolve(new Uint8Array(3));
    throw new Error("no more");
  }
  await expect(zip.add("broken", broken())).rejects.toThrow("no more");
  await zip.add("whole", pieces("whole"));
  const read = readZip(new Uint8Array(await zip.blob().arrayBuffer()));
  expect([...read.keys()]).toEqual(["whole"]);
});

test("what is larger than four gigabytes, or begins behind them, is told in zip64", () => {
  const large = 5 * 2 ** 30;
  const members = [
    { name: "a", crc: 7, size: large, offset: 0 },
    { name: "b", crc: 8, size: 9, offset: large + 51 },
  ];
  const header = new DataView(localHeader(members[0]).buffer);
  expect([header.getUint32(18, true), header.getUint32(22, true)]).toEqual([
    2 ** 32 - 1,
    2 ** 32 - 1,
  ]);
  expect(header.getBigUint64(35, true)).toBe(BigInt(large));

  const at = large + 51 + 40;
  const parts = directory(members, at);
  const tail = Uint8Array.from(parts.flatMap((part) => [...part]));
  const place = directoryPlace(
    { head: localHeader(members[0]), tail, size: at + tail.length },
    "it",
  );
  expect(place.at).toBe(at);
  const found = readDirectory(tail, place, "it");
  expect(found.map(({ name, size, offset }) => ({ name, size, offset }))).toEqual(
    members.map(({ name, size, offset }) => ({ name, size, offset })),
  );
});
