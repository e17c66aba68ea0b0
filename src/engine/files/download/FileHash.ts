import { createSHA1, createSHA256 } from "hash-wasm";

/** The hash that a file must have: SHA-256 of its bytes, or git's name for them, which is a SHA-1. */
export interface ExpectedHash {
  kind: "sha256" | "git";
  hex: string;
}

/** A whole file's hash, of its parts in order. WebCrypto cannot hash a stream. */
export class FileHash {
  readonly #hasher: Awaited<ReturnType<typeof createSHA256>>;

  private constructor(hasher: Awaited<ReturnType<typeof createSHA256>>) {
    this.#hasher = hasher;
  }

  /** @param size in bytes, which git's hash begins with */
  static async start(kind: ExpectedHash["kind"], size: number): Promise<FileHash> {
    const hasher = await (kind === "git" ? createSHA1() : createSHA256());
    hasher.init();
    if (kind === "git") hasher.update(`blob ${size}\0`);
    return new FileHash(hasher);
  }

  /** Adds the bytes that follow. */
  update(bytes: Uint8Array): void {
    this.#hasher.update(bytes);
  }

  /** The hash in hexadecimal; nothing can be added after it. */
  hex(): string {
    return this.#hasher.digest("hex");
  }
}

/** SHA-256 of bytes at hand, in hexadecimal. */
export async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
