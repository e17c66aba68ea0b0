import { get } from "idb-keyval";
import { expect, test } from "vitest";
import { NoStorage, openStore } from "../../../src/engine/storage/openStore.ts";
import { untilClosed } from "../../../src/engine/storage/unkept.ts";

const patience = 20;
/** What asking a database that behaves so ends with. */
const asked = (factory: Partial<IDBFactory> | undefined) =>
  get("a", openStore("any", "entries", { factory: factory as IDBFactory, patience })).then(
    () => expect.unreachable(),
    (error: unknown) => untilClosed(error, "the edits are kept", { full: "free some space" }),
  );

/** A factory whose requests end with this event, or never. */
const factory = (event?: string, error?: DOMException) => ({
  open: () => {
    const request: Record<string, unknown> = { error };
    if (event) setTimeout(() => (request[event] as () => void)());
    return request as unknown as IDBOpenDBRequest;
  },
});

const blocked =
  /^this browser lets the page store nothing \(a private window, or blocked site data\), so the edits are kept only until the page is closed; allow it, or open the page/;

test("without IndexedDB that is said", async () => {
  expect(await asked(undefined)).toMatch(blocked);
});

test("where site data are blocked that is said", async () => {
  const open = () => {
    throw new DOMException("denied", "SecurityError");
  };
  expect(await asked({ open })).toMatch(blocked);
});

test.for([undefined, "onblocked"])(
  "a database that another tab holds is not waited for without end: %s",
  async (event) => {
    expect(await asked(factory(event))).toMatch(
      /^another tab of this page holds the browser’s storage, so .*; close the other tabs of this page, or reload them$/,
    );
  },
);

test("a database of a newer version says that the page is old", async () => {
  const newer = factory("onerror", new DOMException("2 > 1", "VersionError"));
  expect(await asked(newer)).toMatch(/^a newer version of this page .*; reload the page$/);
});

test("a full disk is not mistaken for that", async () => {
  const full = factory("onerror", new DOMException("no room", "QuotaExceededError"));
  expect(await asked(full)).toMatch(/storage is full, so .*; free some space$/);
});

test("what is wrong can be told from other errors", () => {
  expect(new NoStorage("a", "b")).toMatchObject({ name: "NoStorage", message: "a", advice: "b" });
});
