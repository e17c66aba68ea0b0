import { decodeView, encodeView } from "../../../src/ui/viewHash.ts";
import { mutateBytes } from "../../mutate/bytes.ts";
import type { Random } from "../../Random.ts";
import { textFile } from "../../seeds.ts";
import type { Target } from "../../Target.ts";

const pieces = [
  "%",
  "%zz",
  "%00",
  "&",
  "=",
  "#",
  "__proto__.a=1",
  "&trace.__proto__=x",
  "rome.=1",
  "+",
];

function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  const text = new TextDecoder().decode(bytes);
  const at = random.int(text.length + 1);
  const changed = text.slice(0, at) + random.pick(pieces) + text.slice(at + random.int(4));
  return random.once(3) ? mutateBytes(textFile(changed), random) : textFile(changed);
}

/** The part of an address after its `#`: anything is read, and says what it says when written again. */
export const target: Target = {
  name: "link",
  seeds: () => [
    textFile("#model=demo&prompt=The+Space+Needle+is+in&subject=The+Space+Needle&precision=q8"),
    textFile("#model=openai-community%2Fgpt2%40main&trace.samples=5&rome.layer=3&kinds=state"),
  ],
  mutate,
  read: (bytes) => {
    const read = (hash: string) => decodeView(hash, ["rome", "memit"]);
    // What is empty is left out of what is written.
    const view = read(encodeView(read(new TextDecoder().decode(bytes))));
    const again = read(encodeView(view));
    if (JSON.stringify(again) !== JSON.stringify(view)) throw new TypeError("it changes");
    if (Object.getPrototypeOf(view.trace ?? {}) !== Object.prototype) {
      throw new TypeError("it has a prototype of its own");
    }
  },
};
