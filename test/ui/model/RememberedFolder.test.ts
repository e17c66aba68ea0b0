import { expect, test } from "vitest";
import {
  type FolderHandle,
  RememberedFolder,
} from "../../../src/ui/model/RememberedFolder.svelte.ts";

const files = [{ path: "mine/config.json", file: new File(["{}"], "config.json") }];

/** A browser with a shelf, which may be asked for a folder. */
function browser(kept?: FolderHandle) {
  let handle = kept;
  const shelf = {
    get: () => Promise.resolve(handle),
    set: (given: FolderHandle) => Promise.resolve(void (handle = given)),
    delete: () => Promise.resolve(void (handle = undefined)),
  };
  const read = ({ name }: FolderHandle) =>
    Promise.resolve({ kind: "folder" as const, name, files });
  return { folder: new RememberedFolder({ shelf, read }), shelf, read };
}
const answering = (answer: PermissionState): FolderHandle => ({
  name: "mine",
  requestPermission: () => Promise.resolve(answer),
});

test("the folder of the last visit is opened again by one click, which asks whether it may be read", async () => {
  const { shelf, folder: before } = browser();
  await before.keep(answering("granted"));
  const folder = new RememberedFolder({ shelf, read: browser().read });
  expect(folder.name).toBe("");
  await folder.recall();
  expect(folder.name).toBe("mine");
  expect(await folder.open()).toMatchObject({ name: "mine", files });
  await folder.forget();
  expect(folder.name).toBe("");
  expect(await shelf.get()).toBeUndefined();
});

test("a no, a folder that is gone and a browser that keeps nothing are said, or nothing is offered", async () => {
  const { folder } = browser(answering("denied"));
  await folder.recall();
  await expect(folder.open()).rejects.toThrow(
    "the folder mine may not be read unless you allow it",
  );
  const gone = new RememberedFolder({
    shelf: browser(answering("granted")).shelf,
    read: () => Promise.reject(new DOMException("gone", "NotFoundError")),
  });
  await gone.recall();
  await expect(gone.open()).rejects.toThrow("it is no longer where it was; choose it again");
  const blocked = () => Promise.reject(new Error("site data is blocked"));
  const none = new RememberedFolder({
    shelf: { get: blocked, set: blocked, delete: blocked },
    read: browser().read,
  });
  await none.recall();
  expect(none.name).toBe("");
  await none.keep(undefined);
  expect(none.name).toBe("");
  await none.keep(answering("granted"));
  expect(none.name).toBe("mine");
});
