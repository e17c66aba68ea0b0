/** How a command is told that the process is to end: Ctrl+C, say. */
export interface Ending {
  /**
   * Does work that stops by itself, soon and well, when the signal fires. While nothing does, the process ends at once.
   */
  stoppable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** What a command may do to the outside besides files: speak. */
export interface Terminal {
  /** Standard output. */
  print(text: string): void;
  /** A line on standard error that matters also in a log. */
  note(text: string): void;
  /** A line that replaces the one before it; shown only where a person watches. */
  progress(text: string): void;
  /** How the process is asked to end, where it can be; see {@link Ending}. */
  ending?: Ending | undefined;
  /** The repository's folder, which holds the built-in model. */
  root: string;
}

/** One command of the terminal. */
export interface Command {
  /** Its arguments, one line. */
  usage: string;
  /** One sentence. */
  about: string;
  /** What `--help` says among these arguments; the two above where absent. */
  help?(args: string[]): string;
  run(args: string[], terminal: Terminal): Promise<void>;
}
