import type { Answer, Connection } from "./Answer.ts";
import type { Downloads, PartSource } from "./Downloads.ts";
import { fetchPart, type WholeTaken } from "./fetchPart.ts";
import { shown } from "../../../data/outside/shown.ts";
import { checkSize, place, readLength } from "../http.ts";
import { digestOf, FileHash } from "./FileHash.ts";
import type { KeptParts } from "./KeptParts.ts";
import type { FileFacts } from "../ModelRecord.ts";
import type { FileVersion } from "./PartStore.ts";
import { PartWaiters } from "./PartWaiters.ts";
import type { PartWindow } from "./PartWindow.ts";
import { takeWhole } from "./takeWhole.ts";
import { WholeHash } from "./WholeHash.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What the files of one model have in common. */
export interface Transfer {
  /** The model, for sentences. */
  name: string;
  base: string;
  partSize: number;
  /** Parts fetched at a time, and parts fetched before they are asked for where they cannot be kept. */
  parallel: number;
  connection: Connection;
  kept: KeptParts;
  downloads: Downloads;
  window: PartWindow;
  /** True where the server did not answer and a kept record is used instead. */
  offline: boolean;
  /** The file read last. */
  reading?: PartedFile;
  /** Told the bytes that came over the network. */
  received: (bytes: number) => void;
}

/**
 * One file of a model, read in parts: from those used last, from the store, or from the network. No byte is handed out
 * that the file's hash does not cover in the end: a part that must be fetched again has to be the same again.
 */
export class PartedFile implements PartSource {
  readonly path: string;
  readonly facts: FileFacts;
  readonly url: string;
  readonly count: number;
  /** Whether it is wanted to its end. */
  whole = false;
  readonly #transfer: Transfer;
  readonly #version: FileVersion | undefined;
  readonly #waiting = new PartWaiters();
  readonly #loading = new Map<number, Promise<Bytes>>();
  /** Bytes that have come of the parts under way. */
  readonly #flying = new Map<number, number>();
  readonly #arrivals = new Set<Promise<void>>();
  /** What each part used so far was; of a file that was once verified, what each must be. */
  #digests: (string | undefined)[] = [];
  readonly #came = new Set<number>();
  readonly #hash = new WholeHash(this);
  #verified = false;
  #failed: Error | undefined;
  #troubled = false;
  /** What comes of the whole file's answer that is under way. */
  #streaming: Promise<Omit<WholeTaken, "arrived">> | undefined;
  #last = -1;
  #demanded: () => void = () => undefined;

  private constructor(transfer: Transfer, { path, facts, url }: FileAt) {
    const { base, partSize, kept } = transfer;
    const { stamp } = facts;
    const size = checkSize(url, facts.size);
    this.path = path;
    this.facts = facts;
    this.url = url;
    this.count = Math.ceil(size / partSize);
    this.#transfer = transfer;
    this.#version = stamp === undefined ? undefined : { base, path, stamp, partSize };
    if (this.#version) this.#came = new Set(kept.digests(this.#version).keys());
  }

  static async open(transfer: Transfer, at: FileAt): Promise<PartedFile> {
    const file = new PartedFile(transfer, at);
    const digests = file.#version && (await transfer.kept.verified(file.#version));
    if (digests?.length === file.count) {
      file.#digests = digests;
      file.#verified = true;
    }
    return file;
  }

  /** How many of its bytes are here, kept ones included. */
  get arrived(): number {
    let bytes = 0;
    for (const index of this.#came) bytes += this.length(index);
    for (const [index, part] of this.#flying) if (!this.#came.has(index)) bytes += part;
    return bytes;
  }

  /** Whether what arrives of it is kept. */
  get keeps(): boolean {
    return this.#version !== undefined && this.#transfer.kept.keeping;
  }

  /**
   * Bytes [begin, end), or fewer where the file ends before.
   *
   * @throws a sentence, or the reason where it is cancelled
   */
  async read(begin: number, end: number): Promise<Bytes> {
    const { partSize, downloads, connection, parallel } = this.#transfer;
    connection.signal.throwIfAborted();
    const stop = Math.min(end, this.facts.size);
    if (begin >= stop) return new Uint8Array();
    downloads.want(this);
    const bytes = new Uint8Array(readLength(this.url, begin, stop));
    const copy = async (index: number) => {
      const part = await this.part(index);
      const from = index * partSize;
      bytes.set(part.subarray(Math.max(0, begin - from), stop - from), Math.max(0, from - begin));
    };
    const first = Math.floor(begin / partSize);
    const copies: Promise<void>[] = [];
    for (let i = 0; (first + i) * partSize < stop; i++) {
      // A slow one is not left so far behind that its neighbours are forgotten before they are hashed.
      if (i >= parallel) await copies[i - parallel];
      copies[i] = copy(first + i);
      copies[i].catch(() => undefined); // whoever waits for the last one is told
    }
    await Promise.all(copies);
    return bytes;
  }

  /** One part's bytes, which the caller must not change. */
  part(index: number): Promise<Bytes> {
    if (this.#failed) return Promise.reject(this.#failed);
    this.#last = index;
    this.#transfer.reading = this;
    this.#demanded();
    const near = this.#transfer.window.get(this, index);
    if (near) return Promise.resolve(near);
    const known = this.#loading.get(index);
    if (known) return known;
    const loading = this.#load(index).finally(() => this.#loading.delete(index));
    this.#loading.set(index, loading);
    return loading;
  }

  /**
   * Resolves when the file has arrived whole and is what it should be.
   *
   * @throws a sentence; what was kept of a wrong file is thrown away before
   */
  async verify(): Promise<void> {
    if (this.#failed) throw this.#failed;
    if (this.#verified) return;
    this.whole = true;
    this.#transfer.downloads.want(this);
    const found = await this.#hash.end();
    await Promise.allSettled(this.#arrivals);
    const { hash } = this.facts;
    if (!hash) return;
    if (found !== hash.hex) throw await this.#fail(this.#damage(found));
    this.#verified = true;
    const digests = this.#digests.filter((digest) => digest !== undefined);
    if (this.#version) await this.#transfer.kept.setVerified(this.#version, digests);
  }

  length(index: number): number {
    const { partSize } = this.#transfer;
    return Math.min(partSize, this.facts.size - index * partSize);
  }

  lacks(index: number): boolean {
    if (this.#failed || this.#streaming || this.#flying.has(index)) return false;
    return !this.has(index);
  }

  awaits(index: number): boolean {
    return this.#waiting.has(index);
  }

  came(index: number): boolean {
    return this.#came.has(index);
  }

  has(index: number): boolean {
    const { kept, window } = this.#transfer;
    if (window.has(this, index)) return true;
    return this.#version !== undefined && kept.digests(this.#version).has(index);
  }

  ahead(): [begin: number, end: number] {
    if (this.#failed || this.#troubled) return [0, 0];
    if (this.whole && this.keeps) return [0, this.count];
    const { reading, parallel } = this.#transfer;
    // Who reads the first part alone wants a header.
    if (reading !== this || this.#last < (this.whole ? 0 : 1)) return [0, 0];
    const oldest = Math.min(this.#last, ...this.#waiting.indices());
    return [this.#last + 1, Math.min(this.count, oldest + 1 + parallel)];
  }

  async fetch(index: number): Promise<void> {
    this.#flying.set(index, 0);
    try {
      const bytes = await this.#download(index);
      if (bytes) await this.arrive(index, bytes);
    } catch (error) {
      if (!this.#waiting.fail(index, error)) this.#troubled = true; // who asks for a part next tries again
    } finally {
      this.#flying.delete(index);
    }
  }

  /** A part is here: it goes to whoever waits, into the store and into the file's hash. */
  async arrive(index: number, bytes: Bytes): Promise<void> {
    const arrival = this.#arrive(index, bytes);
    this.#arrivals.add(arrival);
    await arrival.finally(() => this.#arrivals.delete(arrival));
  }

  /** Why bytes are not to be used: they differ from what they were, or they are the whole file and its hash is another. */
  async refuse(index: number, bytes: Bytes): Promise<Error | undefined> {
    const expected = this.#digests.at(index);
    if (expected !== undefined && (await digestOf(bytes)) !== expected) return this.#other(index);
    const { hash, size } = this.facts;
    if (!hash || this.count > 1) return undefined;
    const whole = await FileHash.start(hash.kind, size);
    whole.update(bytes);
    const found = whole.hex();
    return found === hash.hex ? undefined : this.#damage(found);
  }

  /** Where nothing is kept, what is far ahead of the reader has to wait; see {@link takeWhole}. */
  async ready(index: number): Promise<boolean> {
    const { downloads, connection, parallel } = this.#transfer;
    for (;;) {
      connection.signal.throwIfAborted();
      if (this.#waiting.indices().some((waiting) => waiting <= index)) return false;
      if (this.keeps || index - this.#last < parallel) return true;
      const demand = new Promise<void>((resolve) => (this.#demanded = resolve));
      await downloads.aside(demand);
    }
  }

  async nearby(index: number): Promise<Bytes | undefined> {
    const { kept, window } = this.#transfer;
    const near = window.get(this, index);
    if (near) return near;
    const stored = this.#version && (await kept.get(this.#version, index, this.#digests[index]));
    if (!stored) return window.get(this, index); // it may have come in the meantime
    window.set(this, index, stored);
    this.#digests[index] ??= this.#version && kept.digests(this.#version).get(index);
    return stored;
  }

  async #load(index: number): Promise<Bytes> {
    const { downloads, connection } = this.#transfer;
    const near = await this.nearby(index);
    if (near) return near;
    if (this.has(index)) return this.#load(index);
    connection.signal.throwIfAborted();
    this.#troubled = false;
    const arrival = this.#waiting.wait(index);
    this.#demanded();
    downloads.demand(this, index);
    return arrival;
  }

  /** @returns the part's bytes; undefined where they come, or came, with the whole file */
  async #download(index: number): Promise<Bytes | undefined> {
    const { partSize, connection, offline, received } = this.#transfer;
    const begin = index * partSize;
    const request = {
      url: this.url,
      path: this.path,
      size: this.facts.size,
      begin,
      end: begin + this.length(index),
      tries: offline ? 1 : undefined,
      checkVersion: (answer: Answer) => this.#checkVersion(answer),
      refuse: (bytes: Bytes) => this.refuse(index, bytes),
      onBytes: (at: number) => {
        const before = this.#flying.get(index) ?? 0;
        this.#flying.set(index, at);
        received(Math.max(0, at - before));
      },
      takeWhole: (answer: Answer) => this.#takeWhole(answer, index),
    };
    const outcome = await fetchPart(request, connection);
    if ("value" in outcome) return outcome.value;
    throw offline ? this.#unreachable(outcome.again) : outcome.again;
  }

  /** One whole answer is enough for all parts; who has another waits for what comes of the first. */
  async #takeWhole(answer: Answer, wanted: number): Promise<WholeTaken> {
    const under = this.#streaming;
    if (under) answer.cancel();
    const { progress, error } = under
      ? await this.#transfer.downloads.aside(under)
      : await (this.#streaming = this.#stream(answer));
    const arrived = !this.#waiting.has(wanted) && this.#came.has(wanted);
    return { progress, arrived, error };
  }

  async #stream(answer: Answer): Promise<Omit<WholeTaken, "arrived">> {
    let progress = false;
    try {
      for await (const index of takeWhole(answer, this)) {
        progress = true;
        this.#transfer.received(this.length(index));
      }
      return { progress };
    } catch (cause) {
      this.#transfer.connection.signal.throwIfAborted();
      if (this.#failed) throw this.#failed;
      return { progress, error: cause as Error };
    } finally {
      this.#streaming = undefined;
      this.#transfer.downloads.fill();
    }
  }

  async #arrive(index: number, bytes: Bytes): Promise<void> {
    const { kept, window } = this.#transfer;
    const digest = await digestOf(bytes);
    if (this.#failed) return;
    const first = this.#digests.at(index);
    if (first !== undefined && digest !== first) return this.#differs(index);
    this.#digests[index] = digest;
    this.#came.add(index);
    window.set(this, index, bytes);
    this.#waiting.arrive(index, bytes);
    const hashed = this.#hash.advance().catch(() => undefined);
    if (this.#version && kept.keeping) await kept.put(this.#version, index, { digest, bytes });
    // What is not kept must be hashed before it is gone.
    if (!this.keeps) await hashed;
    // Somebody may have come while it was neither among the parts used last nor in the store yet.
    this.#waiting.arrive(index, bytes);
  }

  /**
   * Two answers were under way with the same part, and differ. The first counts: what is handed out, kept and hashed must
   * be the same bytes.
   */
  #differs(index: number): void {
    if (this.awaits(index)) throw this.#other(index);
  }

  #other(index: number): Error {
    const from = index * this.#transfer.partSize;
    return new Error(
      `${place(this.url)} gives other bytes from ${from} on than it gave before; load the model again`,
    );
  }

  #checkVersion(answer: Answer): void {
    const etag = plainEtag(answer.headers.get("etag"));
    const modified = answer.headers.get("last-modified");
    const { facts } = this;
    const other =
      facts.etag !== undefined && etag !== undefined
        ? etag !== facts.etag
        : facts.modified !== undefined && modified !== null && modified !== facts.modified;
    if (!other) return;
    const error = new Error(`${place(this.url)} changed while it was read; load the model again`);
    void this.#fail(error);
    throw error;
  }

  async #fail(error: Error): Promise<Error> {
    this.#failed = error;
    this.stop(error);
    await Promise.allSettled(this.#arrivals);
    this.#transfer.window.drop(this);
    this.#came.clear();
    if (this.#version) await this.#transfer.kept.dropVersion(this.#version);
    return error;
  }

  /** Ends every read that waits, for this reason. */
  stop(reason: unknown): void {
    this.#waiting.failAll(reason);
    this.#demanded();
  }

  #damage(found: string | undefined): Error {
    const { kind, hex } = this.facts.hash!;
    const what = kind === "git" ? "git hash" : "SHA-256";
    return new Error(
      `${shown(this.path)} of ${shown(this.#transfer.name)} is damaged: its ${what} is ${found}, expected ${hex}; it was thrown away, load the model again`,
    );
  }

  #unreachable(cause: Error): Error {
    return new Error(
      `only ${this.arrived} of the ${this.facts.size} bytes of ${shown(this.path)} of ${shown(this.#transfer.name)} are kept, and the rest could not be fetched (${shown(cause.message, 120)})`,
      { cause },
    );
  }
}

/** Where a file lies and what is known of it. */
export interface FileAt {
  path: string;
  facts: FileFacts;
  url: string;
}

/** An ETag without what a compressing server adds to it. */
export const plainEtag = (etag: string | null): string | undefined =>
  etag?.replace(/^W\//, "").replace(/[-;](gzip|br|zstd|deflate)(?="$)/, "");
