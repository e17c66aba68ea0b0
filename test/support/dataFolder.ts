import { resolve } from "node:path";

/** Public data that is never committed: PALIMPSEST_DATA, or a folder beside the repository. */
export const dataFolder = resolve(process.env.PALIMPSEST_DATA ?? "../shared/data");
