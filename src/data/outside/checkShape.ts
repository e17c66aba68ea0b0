import {
  type GenericIssue,
  type GenericSchema,
  getDotPath,
  type InferOutput,
  safeParse,
} from "valibot";
import { shown } from "./shown.ts";

/**
 * Checks that a value from outside has a shape: of JSON that was read, of a cell, of what a browser kept.
 *
 * @param schema whose messages say what was expected: `v.string("a text")`
 * @param what names the file in messages
 * @returns what the schema makes of it
 * @throws `recipe.json: "request.prompt" is 5, expected a text`, or `recipe.json lacks "request"`
 */
export function checkShape<const S extends GenericSchema>(
  value: unknown,
  schema: S,
  what: string,
): InferOutput<S> {
  const { success, output, issues } = safeParse(schema, value, { abortEarly: true });
  if (success) return output;
  throw new Error(sentence(issues[0], shown(what, 100)));
}

/** What a schema makes of a value from outside; undefined where it has another shape. */
export function asShape<const S extends GenericSchema>(
  value: unknown,
  schema: S,
): InferOutput<S> | undefined {
  const { success, output } = safeParse(schema, value, { abortEarly: true });
  return success ? output : undefined;
}

function sentence(issue: GenericIssue, what: string): string {
  const path = getDotPath(issue);
  const expected = shown(issue.message, 90);
  if (path === null) return `${what} is ${valueText(issue.input)}, expected ${expected}`;
  const field = `"${shown(path, 60)}"`;
  if (issue.input === undefined) return `${what} lacks ${field}`;
  return `${what}: ${field} is ${valueText(issue.input)}, expected ${expected}`;
}

/** A value as it may stand in a sentence. */
const valueText = (value: unknown): string =>
  typeof value === "string" ? `"${shown(value, 40)}"` : shown(value, 40);
