/** What all who read files over HTTP say and understand alike. */

/** The sentence for a request that nobody answered. */
export function unreachable(url: string, cause: unknown, orElse = ""): Error {
  return new Error(
    `could not reach ${url}; check the address and the connection (a server on another origin must allow CORS${orElse})`,
    { cause },
  );
}

/** The sentence for a connection that ended in the middle of a file. */
export const connectionLost = (url: string, cause?: unknown): Error =>
  new Error(`the connection was lost while reading ${url}; try again`, { cause });

/** The sentence for a server's refusal. */
export function refused(url: string, status: number): Error {
  if (status === 401 || status === 403) {
    const hint = "the Hub answers so for a private model and for a misspelt name";
    return new Error(`${url} may not be read (status ${status}); ${hint}`);
  }
  if (status === 404 || status === 410) {
    return new Error(`${url} is not there (status ${status}); load the model again`);
  }
  return new Error(`${url} could not be read (status ${status}); try again later`);
}

/** Whether a server says by this status that it has no such file, or none for us. */
export const isAbsent = (status: number): boolean => [403, 404, 410].includes(status);

/** Whether a web page came where a file was asked for: a portal, or a site that answers any path with its index. */
export function isPage({ headers }: { headers: Headers }, path: string): boolean {
  return /^text\/html/.test(headers.get("content-type") ?? "") && !path.endsWith(".html");
}

/** The size of the file in an answer to HEAD, or to a request for a part of it; undefined where it is not told. */
export function sizeIn({
  status,
  headers,
}: {
  status: number;
  headers: Headers;
}): number | undefined {
  const range = /\/(\d+)$/.exec(headers.get("content-range") ?? "")?.[1];
  // The length of a compressed body is not the file's.
  const length = headers.get("content-encoding") ? null : headers.get("content-length");
  const text = status === 206 ? range : status === 200 ? (length ?? undefined) : undefined;
  return text === undefined ? undefined : Number(text);
}
