import { describe, expect, test } from "vitest";
import { urlFiles } from "../../../src/engine/files/ModelFiles.ts";
import { modelSource } from "../../../src/engine/files/ModelSource.ts";
import { openFiles } from "../../../src/engine/files/openFiles.ts";
import { urlSource } from "../../../src/engine/files/urlSource.ts";

type Answers = (url: string, init: RequestInit) => Response | undefined;

const patience = { tries: 2, backoff: 1, longest: 1, stall: 1000 };
/** A server that answers some addresses and has nothing at the others. */
const server = (answers: Answers) => ({
  patience,
  fetch: ((url: string, init: RequestInit = {}) =>
    Promise.resolve(answers(url, init) ?? new Response(null, { status: 404 }))) as typeof fetch,
});

/** One sentence that can be shown. */
const sentence = /^[^\n\u001b]{20,300}$/;

const megabyte = new Uint8Array(2 ** 20);
const endless = () =>
  new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(megabyte) });

describe("lengths that a server makes up", () => {
  const told = (length: string) =>
    server((url, { method }) =>
      url.endsWith("config.json")
        ? new Response(method === "HEAD" ? null : "{}", { headers: { "content-length": length } })
        : undefined,
    );

  test.each(["1000000000000000", "99999999999999"])("%s bytes are refused", async (length) => {
    const files = await openFiles({ address: "http://h/model" }, told(length));
    const reading = files.read("config.json");
    await expect(reading).rejects.toThrow(`config.json is refused: its server says that it has`);
    await expect(reading).rejects.toThrow(sentence);
    await expect(urlFiles("http://h/model", told(length)).size("config.json")).rejects.toThrow(
      "is refused: its server says that it has",
    );
  });

  test.each(["-1", "abc", "1e3", "0x10", " "])(
    "%j is none, and the bytes are counted",
    async (length) => {
      const files = await openFiles({ address: "http://h/model" }, told(length));
      expect(await files.size("config.json")).toBe(2);
      expect(await urlFiles("http://h/model", told(length)).size("config.json")).toBe(undefined);
    },
  );

  test("a range of terabytes is not made room for", async () => {
    const files = urlFiles("http://h/model", told("900000000000"));
    await expect(files.read("config.json", [0, 9e11])).rejects.toThrow(
      "config.json cannot be read: 900000000000 bytes are wanted at once",
    );
  });
});

describe("answers that do not end", () => {
  test("a manifest", async () => {
    const opening = openFiles(
      { address: "http://h/model" },
      server((url) => (url.endsWith("palimpsest.json") ? new Response(endless()) : undefined)),
    );
    await expect(opening).rejects.toThrow("sends more than the 67108864 bytes that are read");
  });

  test("a range that is answered with more", async () => {
    const source = await urlSource(
      "http://h/stats.npz",
      server((_, { headers }) => {
        const first = new Headers(headers).get("range") === "bytes=0-3";
        const body = first ? new Uint8Array(4) : endless();
        return new Response(body, { status: 206, headers: { "content-range": "bytes 0-3/100" } });
      }),
    );
    await expect(source.read(0, 50)).rejects.toThrow("sends more than the 50 bytes");
  });

  test("a list of files whose pages lead to each other", async () => {
    const opening = openFiles(
      { id: "org/model" },
      server((url) =>
        url.includes("/revision/")
          ? Response.json({ sha: "a".repeat(40) })
          : Response.json([], { headers: { link: `<${url}>; rel="next"` } }),
      ),
    );
    await expect(opening).rejects.toThrow(
      "lists more than 100000 files of org/model; is it a Hub?",
    );
  });
});

describe("a Hub that answers nonsense", () => {
  const file = { type: "file", path: "config.json", size: 2, oid: "b".repeat(40) };
  test.each<[string, unknown, unknown]>([
    ["null for a revision", null, []],
    ["a list for a revision", [], []],
    ["a number for a commit", { sha: 5 }, []],
    ["a commit of another length", { sha: "abc" }, []],
    ["null for its files", { sha: "a".repeat(40) }, null],
    ["null for a file", { sha: "a".repeat(40) }, [null]],
    ["a size below 0", { sha: "a".repeat(40) }, [{ ...file, size: -1 }]],
    ["a size that is text", { sha: "a".repeat(40) }, [{ ...file, size: "2" }]],
    ["a size of a petabyte", { sha: "a".repeat(40) }, [{ ...file, size: 1e15 }]],
    ["no name of a file", { sha: "a".repeat(40) }, [{ ...file, path: undefined }]],
    ["a hash that is none", { sha: "a".repeat(40) }, [{ ...file, oid: "\u001b[2J" }]],
    ["a pointer that is none", { sha: "a".repeat(40) }, [{ ...file, lfs: 7 }]],
  ])("%s", async (_, revision, tree) => {
    const opening = openFiles(
      { id: "org/model" },
      server((url) => Response.json(url.includes("/revision/") ? revision : tree)),
    );
    await expect(opening).rejects.toThrow(/; is https:\/\/huggingface\.co a Hub\?$/);
    await expect(opening).rejects.toThrow(sentence);
  });
});

test("escapes that are none stay as they are", () => {
  expect(urlFiles("http://h/a/%zz").name).toBe("%zz");
  expect(urlFiles("https://huggingface.co/org/model/resolve/%zz").revision).toBe("%zz");
  expect(modelSource("https://huggingface.co/org/model/tree/%zz")).toEqual({
    id: "org/model",
    revision: "%zz",
  });
});

test("a name with control characters is shown as one, and half a character is asked for", async () => {
  expect(urlFiles("http://h/a/%1b%5b2J").name).toBe(String.raw`\u001b[2J`);
  const answers = server(() => undefined);
  await expect(openFiles({ id: "org/model", revision: "\ud800" }, answers)).rejects.toThrow(
    "with a revision \\ud800 (status 404)",
  );
  const named = await openFiles({ address: "http://h/%zz/" }, answers);
  expect(named.name).toBe("%zz");
});
