import { checkContexts } from "../../methods/edit/contextTemplates.ts";
import { readJson } from "../open/files.ts";

/**
 * The templates in a file, a list or a list of groups, to be used instead of sampled ones; undefined where no file is
 * named.
 *
 * @throws when it is not a list of texts with one `{}` each
 */
export async function readContexts(path?: string): Promise<string[] | string[][] | undefined> {
  if (path === undefined) return undefined;
  const list = await readJson(path);
  if (areTexts(list)) return checkContexts(list);
  if (Array.isArray(list) && list.every(areTexts)) return list.map(checkContexts);
  throw new Error(
    `${path} is not a list of templates, ["{}", "Some words. {}", …], nor of groups of them`,
  );
}

const areTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");
