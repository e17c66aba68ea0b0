import type { Target } from "./Target.ts";

/** What is wrong with how a reader answered; undefined where nothing is. */
export type Fault = "raw error" | "poor sentence" | "no file" | "too lenient";

/** What a reader made of one input. */
export interface Verdict {
  /** Whether it was read. */
  accepted: boolean;
  fault?: Fault | undefined;
  /** What it said, or what the strict reader did. */
  sentence?: string | undefined;
}

const LONGEST = 300;
// Control characters, those that turn text round, separators of lines and halves of pairs.
const UNSHOWABLE =
  /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Cs}/u;

/** Reads one input and judges the answer. */
export async function judge(target: Target, bytes: Uint8Array): Promise<Verdict> {
  // The reader may keep or change what it is given.
  const copy = bytes.slice();
  try {
    await target.read(copy);
  } catch (error) {
    return { accepted: false, ...judgeError(error, target, bytes) };
  }
  try {
    await target.strict?.(bytes);
  } catch (error) {
    return { accepted: true, fault: "too lenient", sentence: String((error as Error).message) };
  }
  return { accepted: true };
}

function judgeError(error: unknown, { name, file = name }: Target, bytes: Uint8Array) {
  const sentence = error instanceof Error ? error.message : String(error);
  return {
    sentence,
    fault: isRaw(error) ? ("raw error" as const) : faultOf(sentence, file, bytes),
  };
}

/** Errors of the language or of the system, which say nothing to a reader. */
function isRaw(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof DOMException) return true;
  const { code } = error as NodeJS.ErrnoException;
  return error.name !== "Error" || code !== undefined;
}

function faultOf(sentence: string, file: string, bytes: Uint8Array): Fault | undefined {
  const poor = sentence.length === 0 || sentence.length > LONGEST || UNSHOWABLE.test(sentence);
  if (poor || leaks(sentence, bytes)) return "poor sentence";
  return sentence.includes(file) ? undefined : "no file";
}

/** Words of the language that came into a sentence otherwise than out of the file. */
function leaks(sentence: string, bytes: Uint8Array): boolean {
  const words = ["undefined", "NaN", "[object Object]"].filter((word) => sentence.includes(word));
  if (words.length === 0) return false;
  const content = new TextDecoder("latin1").decode(bytes);
  return words.some((word) => !content.includes(word));
}
