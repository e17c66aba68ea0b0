import { crc32 } from "../archive/crc32.ts";
import { type FigureAbout, runLines } from "./FigureAbout.ts";

/** Bytes before the first chunk, and of a chunk beside its data: its length, its name, its CRC. */
const SIGNATURE = 8;
const AROUND = 12;
const INCH = 0.0254;

/**
 * A PNG with what it is of and how large it is meant: words in `iTXt` (in `tEXt` where Latin-1 has them), the resolution
 * in `pHYs`.
 *
 * @param png as an encoder made it; it begins with IHDR
 * @param dpi pixels to the inch
 * @throws where it is no PNG
 */
export function pngFile(png: Uint8Array, about: FigureAbout, dpi: number): Uint8Array {
  const name = String.fromCharCode(...png.subarray(SIGNATURE + 4, SIGNATURE + 8));
  if (name !== "IHDR") throw new Error("the picture is no PNG; take the SVG instead");
  const header = new DataView(png.buffer, png.byteOffset).getUint32(SIGNATURE);
  const at = SIGNATURE + header + AROUND;
  const words: [string, string][] = [
    ["Title", about.title],
    ["Description", about.description],
    ["Software", about.run ? `Palimpsest ${about.run.version}` : "Palimpsest"],
    ...(about.run ? comments(about.run) : []),
  ];
  const added = [resolution(dpi), ...words.map(([key, text]) => textChunk(key, text))];
  return joined([png.subarray(0, at), ...added, png.subarray(at)]);
}

/** What the run was of: for a reader, and as JSON for a program. */
const comments = (run: NonNullable<FigureAbout["run"]>): [string, string][] => [
  [
    "Comment",
    runLines(run)
      .map(([name, value]) => `${name}: ${value}`)
      .join("\n"),
  ],
  ["palimpsest.run", JSON.stringify(run)],
];

function resolution(dpi: number): Uint8Array {
  const data = new DataView(new ArrayBuffer(9));
  const perMetre = Math.round(dpi / INCH);
  data.setUint32(0, perMetre);
  data.setUint32(4, perMetre);
  data.setUint8(8, 1);
  return chunk("pHYs", new Uint8Array(data.buffer));
}

function textChunk(key: string, text: string): Uint8Array {
  const latin = [...text].every((letter) => /[\n\u0020-\u007E\u00A1-\u00FF]/.test(letter));
  if (latin) return chunk("tEXt", latin1(`${key}\0${text}`));
  const utf8 = new TextEncoder().encode(text);
  // Not compressed, in no language, and under no other name.
  return chunk("iTXt", joined([latin1(`${key}\0\0\0\0\0`), utf8]));
}

const latin1 = (text: string): Uint8Array =>
  Uint8Array.from(text, (letter) => letter.charCodeAt(0));

function chunk(name: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + AROUND);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(latin1(name), 4);
  bytes.set(data, 8);
  view.setUint32(data.length + 8, crc32(bytes.subarray(4, data.length + 8)));
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
