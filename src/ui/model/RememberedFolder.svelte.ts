import type { ChosenModel } from "../../../workers/protocol/protocol.ts";
import { messageOf } from "../parts/sentence.ts";

type Folder = Extract<ChosenModel, { kind: "folder" }>;

/** A folder that the browser can open again: a FileSystemDirectoryHandle. */
export interface FolderHandle {
  name: string;
  requestPermission?(options: { mode: "read" }): Promise<PermissionState>;
}

/** What of the browser this needs. */
export interface RememberedFolderHost<H extends FolderHandle> {
  /** What is kept, by one name. */
  shelf: { get(): Promise<H | undefined>; set(handle: H): Promise<void>; delete(): Promise<void> };
  /** All files of a folder. */
  read(handle: H): Promise<Folder>;
}

/** The folder that a model was opened from last: opened again by one click, which is also what asks for permission. */
export class RememberedFolder<H extends FolderHandle = FolderHandle> {
  /** Its name; empty where none is remembered. */
  name = $state("");
  readonly #host: RememberedFolderHost<H>;
  #handle: H | undefined;

  constructor(host: RememberedFolderHost<H>) {
    this.#host = host;
  }

  /** Looks what is remembered; where nothing can be kept, nothing is. */
  async recall() {
    const handle = await this.#host.shelf.get().catch(() => undefined);
    this.#take(handle);
  }

  /** Remembers the folder of the model that was opened; one without a handle cannot be. */
  async keep(handle: H | undefined) {
    if (!handle) return;
    this.#take(handle);
    // Site data is blocked: it holds until the page is closed.
    await this.#host.shelf.set(handle).catch(() => undefined);
  }

  async forget() {
    this.#take(undefined);
    await this.#host.shelf.delete().catch(() => undefined);
  }

  /**
   * Its files; to be called by a click, since the browser asks whether it may be read.
   *
   * @throws a sentence where the reader says no, or the folder is gone
   */
  async open(): Promise<Folder> {
    const handle = this.#handle;
    if (!handle) throw new Error("no folder is remembered; choose one");
    const allowed = (await handle.requestPermission?.({ mode: "read" })) ?? "granted";
    if (allowed !== "granted")
      throw new Error(
        `the folder ${handle.name} may not be read unless you allow it; open it again`,
      );
    try {
      return await this.#host.read(handle);
    } catch (cause) {
      const gone = cause instanceof Error && cause.name === "NotFoundError";
      const why = gone ? "it is no longer where it was" : messageOf(cause);
      throw new Error(`the folder ${handle.name} could not be read: ${why}; choose it again`, {
        cause,
      });
    }
  }

  #take(handle: H | undefined) {
    this.#handle = handle;
    this.name = handle?.name ?? "";
  }
}
