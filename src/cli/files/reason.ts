const reasons: Record<string, string> = {
  ENOENT: "it does not exist",
  EACCES: "it is not permitted",
  EPERM: "it is not permitted",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of its path is no folder",
  ENOSPC: "the disk is full",
  EDQUOT: "your share of the disk is full",
  EFBIG: "the disk takes no file that large",
  EROFS: "the disk is read-only",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open",
  ENAMETOOLONG: "its name is too long",
  ELOOP: "its links lead in a circle",
  EIO: "the disk failed",
  EPIPE: "nobody reads it",
};

/** Why the file system refused, in a few words. */
export const reason = (error: unknown): string =>
  reasons[(error as NodeJS.ErrnoException).code ?? ""] ?? (error as Error).message;

/** One sentence with the path, for what could not be written. */
export const unwritable = (path: string, error: unknown): Error =>
  new Error(`${path} cannot be written: ${reason(error)}`, { cause: error });
