import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** When the newest file at or under a path was changed, in ms; 0 where there is none. */
function newest(path) {
  if (!existsSync(path)) return 0;
  const found = statSync(path);
  if (!found.isDirectory()) return found.mtimeMs;
  return Math.max(found.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** Whether `product` is missing or older than anything in `sources` (files or folders). */
export function isStale(product, sources) {
  if (!existsSync(product)) return true;
  const made = statSync(product).mtimeMs;
  return sources.some((source) => newest(source) > made);
}
