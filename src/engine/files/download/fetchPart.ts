import { type Answer, ask, type Connection, type Outcome, patiently } from "./Answer.ts";
import { shown } from "../../../data/outside/shown.ts";
import { connectionLost, isPage, place, refused } from "../http.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What is wanted of a part, and who is told of it. */
export interface PartRequest {
  url: string;
  /** The file's path. */
  path: string;
  /** Byte offsets [begin, end) in the file of `size` bytes. */
  begin: number;
  end: number;
  size: number;
  /** Tries before giving up; default: the connection's. */
  tries?: number | undefined;
  /** @throws where an answer's headers show another version of the file */
  checkVersion(answer: Answer): void;
  /** Why bytes that arrived whole are not to be used, if so. */
  refuse(bytes: Bytes): Promise<Error | undefined>;
  /** How many of the part's bytes are there, which may also shrink. */
  onBytes(at: number): void;
  /** Takes the answer of a server that sends the whole file whatever range is asked for. */
  takeWhole(answer: Answer): Promise<WholeTaken>;
}

/** What came of a whole file's answer. */
export interface WholeTaken {
  /** Whether any part did. */
  progress: boolean;
  /** Whether the part did that was asked for. */
  arrived: boolean;
  error?: Error | undefined;
}

/**
 * Fetches a part of a file; one that is cut off is continued from the byte it reached.
 *
 * @returns the bytes; undefined where `takeWhole` has them; or why it was given up
 * @throws for what no further try can change
 */
export async function fetchPart(
  request: PartRequest,
  connection: Connection,
): Promise<Outcome<Bytes | undefined>> {
  const part: Filling = { bytes: new Uint8Array(request.end - request.begin), at: 0 };
  return patiently(() => attempt(request, part, connection), connection, request.tries);
}

interface Filling {
  bytes: Bytes;
  at: number;
}

async function attempt(
  request: PartRequest,
  part: Filling,
  connection: Connection,
): Promise<Outcome<Bytes | undefined>> {
  const headers = { Range: `bytes=${request.begin + part.at}-${request.end - 1}` };
  // The browser's own cache would hold gigabytes a second time.
  const asked = await ask(request.url, { headers, cache: "no-store" }, connection);
  if (!("value" in asked)) return asked;
  const answer = asked.value;
  try {
    const again = checkAnswer(answer, request, part.at);
    if (again) return { again };
    if (answer.status === 206) return await fill(answer, request, { part, connection });
    const { progress, arrived, error } = await request.takeWhole(answer);
    return arrived ? { value: undefined } : { again: error ?? lost(request), progress };
  } finally {
    answer.cancel();
  }
}

/** Reads a ranged answer's body into the part. */
async function fill(
  answer: Answer,
  request: PartRequest,
  { part, connection }: { part: Filling; connection: Connection },
): Promise<Outcome<Bytes>> {
  const before = part.at;
  try {
    for (let chunk; (chunk = await answer.next());) {
      if (part.at + chunk.length > part.bytes.length)
        return restart(request, part, tooMuch(request));
      part.bytes.set(chunk, part.at);
      request.onBytes((part.at += chunk.length));
    }
  } catch (cause) {
    connection.signal.throwIfAborted();
    return { again: lost(request, cause), progress: part.at > before };
  }
  if (part.at < part.bytes.length) return { again: lost(request), progress: part.at > before };
  const refused = await request.refuse(part.bytes);
  return refused ? restart(request, part, refused) : { value: part.bytes };
}

function restart(request: PartRequest, part: Filling, again: Error): { again: Error } {
  part.at = 0;
  request.onBytes(0);
  return { again };
}

/** Why an answer is of no use but another might be. */
function checkAnswer(answer: Answer, request: PartRequest, at: number): Error | undefined {
  const { url, path, begin, end, size } = request;
  const { status, headers } = answer;
  if (isPage(answer, path))
    return new Error(`${place(url)} gives a web page instead of the file; try again later`);
  if (status === 416) {
    return new Error(`${place(url)} no longer has the ${size} bytes it had; load the model again`);
  }
  if (status !== 200 && status !== 206) throw refused(url, status);
  request.checkVersion(answer);
  if (status === 200) return checkLength(headers, request);
  // Absent where a server on another origin does not show it; the number of bytes, and their hash, then have to do.
  const range = headers.get("content-range");
  const expected = `bytes ${begin + at}-${end - 1}/`;
  if (range === null || range === `${expected}${size}` || range === `${expected}*`)
    return undefined;
  return new Error(
    `${place(url)} was asked for ${expected}${size} and sent ${shown(range, 40)}; try again later`,
  );
}

function checkLength(headers: Headers, { url, size }: PartRequest): Error | undefined {
  const length = headers.get("content-encoding") ? null : headers.get("content-length");
  if (length === null || Number(length) === size) return undefined;
  return new Error(
    `${place(url)} now has ${shown(length, 20)} bytes, it had ${size}; load the model again`,
  );
}

const lost = ({ url }: PartRequest, cause?: unknown) => connectionLost(url, cause);

const tooMuch = ({ url, begin, end }: PartRequest) =>
  new Error(
    `${place(url)} sent more than the ${end - begin} bytes it was asked for; try again later`,
  );
