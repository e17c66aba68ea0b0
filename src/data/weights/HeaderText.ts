import { bounds } from "../outside/bounds.ts";
import { shown } from "../outside/shown.ts";

/** A tensor's entry as the header has it, unchecked but for its form. */
export interface HeaderEntry {
  dtype: string;
  shape: number[];
  /** From the beginning of the data. */
  offsets: [begin: number, end: number];
}

const SPACE = /[ \t\n\r]*/y;
const WHOLE = /(?:0|[1-9]\d{0,15})(?![\d.eE])/y;

/**
 * The JSON of a safetensors header, read by the format's own grammar and nothing wider: an object of entries, each with
 * `dtype`, `shape` and `data_offsets`, and `__metadata__` of texts. So nothing can nest, no number is rounded, and a name
 * that stands twice is seen, all of which JSON.parse would let pass.
 */
export class HeaderText {
  readonly #text: string;
  readonly #what: string;
  #at = 0;

  /**
   * @param what names the file in messages
   * @throws where the bytes are no UTF-8
   */
  constructor(bytes: Uint8Array, what: string) {
    this.#what = what;
    try {
      this.#text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch (cause) {
      const reason = "its header is not JSON (it has bytes that are no UTF-8)";
      throw new Error(`${what} is not a safetensors file: ${reason}`, { cause });
    }
  }

  /** @throws one sentence that names the tensor, or the byte where the JSON ends to be a header */
  read(): { entries: Map<string, HeaderEntry>; metadata: Map<string, string> } {
    const entries = new Map<string, HeaderEntry>();
    let metadata: Map<string, string> | undefined;
    this.#members((key) => {
      if (key === "__metadata__") {
        if (metadata) throw this.#twice(key);
        metadata = this.#metadata();
        return;
      }
      if (entries.has(key)) throw this.#twice(`tensor ${shown(key)}`);
      entries.set(key, this.#entry(key));
      if (entries.size > bounds.tensors) {
        throw new Error(`${this.#what} is refused: it has more than ${bounds.tensors} tensors`);
      }
    });
    SPACE.lastIndex = this.#at;
    SPACE.exec(this.#text);
    if (SPACE.lastIndex < this.#text.length) throw this.#notJson();
    return { entries, metadata: metadata ?? new Map<string, string>() };
  }

  #metadata(): Map<string, string> {
    const texts = new Map<string, string>();
    if (this.#text.startsWith("null", this.#next())) {
      this.#at += 4;
      return texts;
    }
    this.#members((key) => {
      if (texts.has(key)) throw this.#twice(`__metadata__.${shown(key)}`);
      if (this.#text[this.#next()] !== '"') {
        const field = `__metadata__.${shown(key)}`;
        throw new Error(`${this.#what} is damaged: ${field} in its header is no text`);
      }
      texts.set(key, this.#string());
    });
    return texts;
  }

  #entry(name: string): HeaderEntry {
    const found = new Map<string, string | number[]>();
    try {
      this.#members((key) => {
        if (found.has(key)) throw this.#twice(key);
        if (key === "dtype") found.set(key, this.#string());
        else if (key === "shape" || key === "data_offsets") found.set(key, this.#wholes());
        else throw this.#notJson();
      });
    } catch (cause) {
      throw this.#malformed(name, cause);
    }
    const [dtype, shape, offsets] = ["dtype", "shape", "data_offsets"].map((key) => found.get(key));
    if (typeof dtype === "string" && Array.isArray(shape) && Array.isArray(offsets)) {
      const [begin, end, ...rest] = offsets;
      if (rest.length === 0 && end >= begin) return { dtype, shape, offsets: [begin, end] };
    }
    throw this.#malformed(name);
  }

  /** An object; `take` reads the value that follows each key. */
  #members(take: (key: string) => void): void {
    this.#expect("{");
    if (this.#took("}")) return;
    do {
      const key = this.#string();
      this.#expect(":");
      take(key);
    } while (this.#took(","));
    this.#expect("}");
  }

  /** A list of whole numbers as long as a shape may be. */
  #wholes(): number[] {
    const list: number[] = [];
    this.#expect("[");
    if (this.#took("]")) return list;
    do {
      WHOLE.lastIndex = this.#next();
      const digits = WHOLE.exec(this.#text)?.[0];
      if (digits === undefined || !Number.isSafeInteger(Number(digits))) throw this.#notJson();
      this.#at += digits.length;
      if (list.push(Number(digits)) > bounds.tensorAxes) throw this.#notJson();
    } while (this.#took(","));
    this.#expect("]");
    return list;
  }

  #string(): string {
    const begin = this.#next();
    if (this.#text[begin] !== '"') throw this.#notJson();
    let end = begin + 1;
    let plain = true;
    for (; this.#text[end] !== '"'; end++) {
      if (end >= this.#text.length || this.#text.charCodeAt(end) < 32) throw this.#notJson();
      if (this.#text[end] !== "\\") continue;
      plain = false;
      end++;
    }
    this.#at = end + 1;
    return plain ? this.#text.slice(begin + 1, end) : this.#unescaped(begin, end + 1);
  }

  #unescaped(begin: number, end: number): string {
    try {
      const text = JSON.parse(this.#text.slice(begin, end)) as string;
      if (!/\p{Cs}/u.test(text)) return text;
    } catch {
      // Said below.
    }
    throw this.#notJson();
  }

  /** Where the next token begins. */
  #next(): number {
    SPACE.lastIndex = this.#at;
    SPACE.exec(this.#text);
    return (this.#at = SPACE.lastIndex);
  }

  #took(sign: string): boolean {
    if (this.#text[this.#next()] !== sign) return false;
    this.#at++;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#took(sign)) throw this.#notJson();
  }

  #notJson(): Error {
    const reason = `its header is not JSON of its kind (character ${this.#at})`;
    return new Error(`${this.#what} is not a safetensors file: ${reason}`);
  }

  #twice(what: string): Error {
    return new Error(`${this.#what} is damaged: its header has ${what} twice`);
  }

  #malformed(name: string, cause?: unknown): Error {
    const sentence = `the entry of tensor ${shown(name)} in its header is malformed`;
    return new Error(`${this.#what} is damaged: ${sentence}`, { cause });
  }
}
