import { promisifyRequest, type UseStore } from "idb-keyval";

/** Of every database of this page; a later page may count on, and this one then says so. */
const VERSION = 1;
/** Milliseconds until a database that never answered is given up: another tab may hold it open in another version. */
const PATIENCE_MS = 5_000;
/** A disk that is busy answers late: so many times as long, once there was an answer. */
const SLOW = 12;

/** Why the browser's storage cannot be used, as a part of a sentence, and what to do. */
export class NoStorage extends Error {
  override readonly name = "NoStorage";
  readonly advice: string;

  constructor(why: string, advice: string) {
    super(why);
    this.advice = advice;
  }
}

const absent = () =>
  new NoStorage(
    "this browser lets the page store nothing (a private window, or blocked site data)",
    "allow it, or open the page in an ordinary window",
  );
const held = () =>
  new NoStorage(
    "another tab of this page holds the browser’s storage",
    "close the other tabs of this page, or reload them",
  );
const newer = () =>
  new NoStorage(
    "a newer version of this page has changed the browser’s storage",
    "reload the page",
  );

/** What {@link openStore} may be given instead of the browser's. */
export interface OpenOptions {
  factory?: IDBFactory | undefined;
  /** Milliseconds to wait for the first answer. */
  patience?: number;
}

/**
 * An object store of a database of its own, as idb-keyval takes it. It is opened when it is first needed, lets go of the
 * database when a newer page wants to change it, and opens it anew after the browser has closed it.
 *
 * @throws (by its promises) {@link NoStorage} where there is none, it is held by another tab or of a newer version
 */
export function openStore(
  database: string,
  store: string,
  { factory = globalThis.indexedDB, patience = PATIENCE_MS }: OpenOptions = {},
): UseStore {
  let opened: Promise<IDBDatabase> | undefined;
  let wait = patience;
  const forget = () => (opened = undefined);
  const open = () => {
    opened ??= openDatabase({ factory, database, store }, forget);
    opened.catch(forget);
    return opened;
  };
  return async (mode, work) => {
    const answer = answeredWithin(transact(open, { store, mode, forget }, work), wait);
    const result = await answer.catch((error: unknown) => {
      if ((error as Error).name === "TimeoutError") forget();
      throw reasonOf(error);
    });
    wait = Math.max(wait, SLOW * patience);
    return result;
  };
}

/** A database that the browser has closed under the page is opened once more. */
async function transact<T>(
  open: () => Promise<IDBDatabase>,
  { store, mode, forget }: { store: string; mode: IDBTransactionMode; forget: () => void },
  work: (objects: IDBObjectStore) => T | PromiseLike<T>,
): Promise<T> {
  const begin = async () => (await open()).transaction(store, mode).objectStore(store);
  const objects = await begin().catch((error: unknown) => {
    if ((error as Error).name !== "InvalidStateError") throw error;
    forget();
    return begin();
  });
  return work(objects);
}

function openDatabase(
  what: { factory: IDBFactory | undefined; database: string; store: string },
  forget: () => void,
): Promise<IDBDatabase> {
  const { factory, database, store } = what;
  if (!factory) return Promise.reject(absent());
  return new Promise((resolve, reject) => {
    // Where site data are blocked this throws, and the promise is rejected.
    const request = factory.open(database, VERSION);
    request.onupgradeneeded = () => request.result.createObjectStore(store);
    request.onblocked = () => reject(held());
    promisifyRequest(request).then((opened) => {
      opened.onclose = forget;
      opened.onversionchange = () => {
        opened.close();
        forget();
      };
      resolve(opened);
    }, reject);
  });
}

/** What the browser says in its own words, in ours. */
function reasonOf(error: unknown): unknown {
  const { name } = error as Error;
  if (name === "VersionError" || name === "NotFoundError") return newer();
  if (name === "TimeoutError") return held();
  if (["SecurityError", "InvalidStateError", "UnknownError"].includes(name)) return absent();
  return error;
}

function answeredWithin<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    const late = () => reject(new DOMException("the database does not answer", "TimeoutError"));
    timer = setTimeout(late, milliseconds);
  });
  return Promise.race([work, silence]).finally(() => clearTimeout(timer));
}
