import { bounds } from "../../data/outside/bounds.ts";
import { decoded } from "../../data/outside/decoded.ts";
import { shown } from "../../data/outside/shown.ts";
import {
  anotherPart,
  boundedBody,
  checkSize,
  connectionLost,
  isAbsent,
  isPage,
  mostBytes,
  Overlong,
  place,
  readLength,
  refused,
  sizeIn,
  unreachable,
} from "./http.ts";
import { checkId, HUB } from "./ModelSource.ts";

/** The files of one model, wherever they lie. Ranges are byte offsets [begin, end). */
export interface ModelFiles {
  /** Hub id, folder name or the last part of the address. */
  name: string;
  revision: string;
  /** Where they are fetched from, where that is an address. */
  address?: string;
  /** Reads a file or a range of it; fewer bytes than asked for mean that the file ends there. */
  read(path: string, range?: [begin: number, end: number]): Promise<Uint8Array>;
  /** In bytes; undefined where the source does not say. */
  size(path: string): Promise<number | undefined>;
  has(path: string): Promise<boolean>;
  /** A mark that changes when the file does (an ETag), where the source has one. */
  stamp?(path: string): Promise<string | undefined>;
  /** The files that will be read: they are fetched ahead, in this order, and progress counts them. */
  prefetch?(paths: readonly string[]): void;
  /**
   * Resolves when every file that was read, even in part, is known to be whole and what it should be.
   *
   * @throws a sentence that names the file; what was kept of it is then thrown away
   */
  verify?(): Promise<void>;
}

/** Options of {@link urlFiles}; `fetch` is for tests and for callers with credentials. */
export interface UrlOptions {
  fetch?: typeof globalThis.fetch;
  name?: string;
  revision?: string;
}

const HUB_PAGE = /^https:\/\/huggingface\.co\/([\w.-]+\/[\w.-]+)(?:\/tree\/([^/]+))?\/?$/;
const HUB_FILES = /^https:\/\/huggingface\.co\/([\w.-]+(?:\/[\w.-]+)?)\/resolve\/([^/]+)\/?$/;
// A server that ignores Range sends everything; more than this is not kept in memory for it.
const WHOLE_LIMIT = 2 ** 30;

/**
 * Where the files of a Hugging Face model lie.
 *
 * @param id "openai-community/gpt2-xl"
 * @throws `invalid model: …` when it is not of that form
 */
export function hubUrl(id: string, revision = "main"): string {
  checkId(id);
  return `${HUB}/${id}/resolve/${encodeURIComponent(revision.toWellFormed())}/`;
}

/**
 * The files under an address: a folder on any server, a `resolve` address of the Hub, or a model's page there.
 *
 * @throws (when read) one sentence: nothing there, a web page instead of a file, no permission, no connection
 */
export function urlFiles(address: string, options: UrlOptions = {}): ModelFiles {
  const page = HUB_PAGE.exec(address);
  const base = (page ? hubUrl(page[1], page[2]) : address).replace(/\/*$/, "/");
  const hub = HUB_FILES.exec(base);
  const remote = new Remote(base, options.fetch ?? globalThis.fetch.bind(globalThis));
  return {
    name: options.name ?? hub?.[1] ?? lastPart(base),
    address: base,
    revision: options.revision ?? (hub ? decoded(hub[2]) : "unknown"),
    read: (path, range) => (range ? remote.range(path, range) : remote.whole(path)),
    size: async (path) => (await remote.about(path)).size,
    has: async (path) => (await remote.about(path)).found,
    stamp: async (path) => (await remote.about(path)).stamp,
  };
}

/**
 * The files of a folder that was picked or dropped.
 *
 * @param files path -> file; paths may begin with the folder's own name
 */
export function blobFiles(files: ReadonlyMap<string, Blob>, name: string): ModelFiles {
  const find = (path: string): Blob | undefined => {
    const ends = [...files.keys()].filter((key) => key === path || key.endsWith(`/${path}`));
    const nearest = ends.sort((a, b) => a.length - b.length).at(0);
    return nearest === undefined ? undefined : files.get(nearest);
  };
  return {
    name,
    revision: "local",
    async read(path, range) {
      const blob = find(path);
      if (!blob) throw new Error(missingInFolder(name, path));
      const part = range ? blob.slice(range[0], range[1]) : blob;
      try {
        return new Uint8Array(await part.arrayBuffer());
      } catch (cause) {
        throw new Error(
          `${shown(path)} in ${shown(name)} can no longer be read; open the folder again`,
          {
            cause,
          },
        );
      }
    },
    size: (path) => Promise.resolve(find(path)?.size),
    has: (path) => Promise.resolve(find(path) !== undefined),
  };
}

/** The sentence for a file that a folder lacks. */
const missingInFolder = (name: string, path: string): string =>
  path === "config.json"
    ? `there is no model in the folder ${shown(name)}: config.json is not among its files; choose the folder that holds it`
    : `the folder ${shown(name)} has no ${shown(path)}; add it, and choose the folder again`;

const lastPart = (base: string) => {
  const part = base.split("/").filter(Boolean).at(-1) ?? base;
  return shown(/^[\w.%-]+$/.test(part) ? decoded(part) : part, 200);
};

/** The sentence for a file that is not there. */
export function missingFile(where: string, path: string, reason: string): string {
  return path === "config.json"
    ? `there is no model at ${place(where)}: config.json is missing (${reason}); check the address`
    : `${place(where)} has no ${shown(path)} (${reason})`;
}

interface About {
  found: boolean;
  size?: number | undefined;
  stamp?: string | undefined;
}

/** One address, with what its server has said about each file. */
class Remote {
  readonly #base: string;
  readonly #fetch: typeof globalThis.fetch;
  readonly #abouts = new Map<string, Promise<About>>();
  readonly #wholes = new Map<string, Promise<Uint8Array>>();

  constructor(base: string, fetch: typeof globalThis.fetch) {
    this.#base = base;
    this.#fetch = fetch;
  }

  async whole(path: string): Promise<Uint8Array> {
    const response = this.#expect(await this.#request(path), path);
    return this.#body(response, path, Math.min(bounds.read, mostBytes(path)));
  }

  async range(path: string, [begin, end]: [number, number]): Promise<Uint8Array> {
    const length = readLength(this.#base + path, begin, end);
    const kept = this.#wholes.get(path);
    if (kept) return (await kept).slice(begin, end);
    const headers = { Range: `bytes=${begin}-${end - 1}` };
    const response = await this.#request(path, { headers });
    if (response.status === 416) return new Uint8Array(); // the file ends before `begin`
    this.#expect(response, path);
    if (response.status === 206) return this.#part(response, path, [begin, length]);
    return (await this.#keepWhole(path, response)).slice(begin, end);
  }

  /** A part's bytes; fewer than were asked for where the file ends. */
  async #part(
    response: Response,
    path: string,
    [begin, length]: [begin: number, length: number],
  ): Promise<Uint8Array> {
    const [, from, total] =
      /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get("content-range") ?? "") ?? [];
    const bytes = await this.#body(response, path, length);
    // Absent where a server on another origin does not show it.
    if (from === undefined) return bytes;
    const expected = Math.min(length, Number(total) - begin);
    if (Number(from) === begin && bytes.length === expected) return bytes;
    throw anotherPart(this.#base + path);
  }

  about(path: string): Promise<About> {
    const known = this.#abouts.get(path);
    if (known) return known;
    const about = this.#head(path);
    this.#abouts.set(path, about);
    about.catch(() => this.#abouts.delete(path)); // a lost connection is not an answer
    return about;
  }

  async #head(path: string): Promise<About> {
    let response = await this.#request(path, { method: "HEAD" });
    if (response.status === 405 || response.status === 501) {
      response = await this.#request(path, { headers: { Range: "bytes=0-0" } });
      await response.body?.cancel();
    }
    const { status, headers } = response;
    if (isAbsent(status) || isPage(response, path)) return { found: false };
    this.#expect(response, path);
    const told = sizeIn(response);
    const size = told === undefined ? undefined : checkSize(this.#base + path, told);
    const stamp = headers.get("etag") ?? headers.get("last-modified") ?? size?.toString();
    return { found: true, size, stamp };
  }

  async #request(path: string, init?: RequestInit): Promise<Response> {
    try {
      return await this.#fetch(this.#base + path, init);
    } catch (cause) {
      throw unreachable(this.#base + path, cause);
    }
  }

  async #body(response: Response, path: string, limit: number): Promise<Uint8Array> {
    const url = this.#base + path;
    try {
      return await boundedBody(response, { url, limit });
    } catch (cause) {
      throw cause instanceof Overlong ? cause : connectionLost(url, cause);
    }
  }

  #keepWhole(path: string, response: Response): Promise<Uint8Array> {
    const size = sizeIn(response) ?? 0;
    if (size > WHOLE_LIMIT) {
      void response.body?.cancel();
      throw new Error(
        `the server of ${place(this.#base + path)} ignores Range requests, and the file of ${size} bytes is too large to read at once; download the model and open its folder`,
      );
    }
    const whole = this.#body(response, path, WHOLE_LIMIT).then(async (bytes) => {
      const told = (await this.#abouts.get(path))?.size;
      if (told === undefined || told === bytes.length) return bytes;
      throw connectionLost(this.#base + path);
    });
    this.#wholes.set(path, whole);
    whole.catch(() => this.#wholes.delete(path));
    return whole;
  }

  #expect(response: Response, path: string): Response {
    const { status } = response;
    const isFile = status === 200 || status === 206;
    if (isFile && !isPage(response, path)) return response;
    void response.body?.cancel();
    if (isFile)
      throw new Error(missingFile(this.#base, path, "the server answers with a web page instead"));
    if (status === 404 || status === 410)
      throw new Error(missingFile(this.#base, path, `status ${status}`));
    throw refused(this.#base + path, status);
  }
}
