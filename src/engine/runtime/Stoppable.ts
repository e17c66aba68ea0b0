/** Work that can be stopped; it then throws the signal's reason. */
export type Stoppable = { signal?: AbortSignal | undefined };
