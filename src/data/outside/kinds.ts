import * as v from "valibot";
import { bounds } from "./bounds.ts";

// What the fields of JSON from outside are; the messages say what was expected, see checkShape.ts.

/** Any string. */
export const text = v.string("a text");

/** A name or a title, which is shown. */
export const name = v.pipe(
  text,
  v.maxLength(bounds.name, `a text of at most ${bounds.name} characters`),
);

/** A name with more than blanks in it. */
export const someName = v.pipe(name, v.regex(/\S/, "a text that is not empty"));

/** A prompt or another text that is read by people and models. */
export const longText = v.pipe(
  text,
  v.maxLength(bounds.text, `a text of at most ${bounds.text} characters`),
);

/** A prompt or an answer with more than blanks in it. */
export const someLongText = v.pipe(longText, v.regex(/\S/, "a text that is not empty"));

/** A string with more than blanks in it. */
export const someText = v.pipe(text, v.regex(/\S/, "a text that is not empty"));

/** A number; JSON's 1e999 is none. */
export const number = v.pipe(v.number("a number"), v.finite("a finite number"));

/** True or false. */
export const flag = v.boolean("true or false");

/** A whole number of a range, exactly. */
export const whole = (least = 0, most = Number.MAX_SAFE_INTEGER) => {
  const expected =
    most === Number.MAX_SAFE_INTEGER
      ? "a whole number" + (least > Number.MIN_SAFE_INTEGER ? `, at least ${least}` : "")
      : `a whole number from ${least} to ${most}`;
  return v.pipe(
    v.number(expected),
    v.safeInteger(expected),
    v.minValue(least, expected),
    v.maxValue(most, expected),
  );
};

/** A list of any length up to a bound. */
export const list = <const S extends v.GenericSchema>(of: S, most = 1_000_000) =>
  v.pipe(v.array(of, "a list"), v.maxLength(most, `a list of at most ${most}`));

/** A list with at least one member. */
export const someList = <const S extends v.GenericSchema>(of: S, most = 1_000_000) =>
  v.pipe(list(of, most), v.minLength(1, "a list that is not empty"));

/** An object of any members. A list is none. */
export const record = v.custom<Record<string, unknown>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "an object",
);

/** An object with these members, and any others. */
export const object = <const E extends v.ObjectEntries>(entries: E) =>
  v.pipe(record, v.looseObject(entries));
