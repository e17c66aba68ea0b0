import { expect, test } from "vitest";
import { fillTemplate } from "../../../src/data/facts/template.ts";
import { templateSpan } from "../../../src/methods/prompt/subject.ts";

/** Subjects that a replacement pattern would take apart: "$&" stands for what was matched. */
const subjects = ["Ke$ha", "A$AP Rocky", "M$&M", "$1", "$$", "$`", "$'"];

test.for(subjects)("%s stands in the text as it is", (subject) => {
  expect(fillTemplate("{} is in {", subject)).toBe(`${subject} is in {`);
  expect(templateSpan("The {} is", subject)).toEqual({
    text: `The ${subject} is`,
    begin: 4,
    end: 4 + subject.length,
  });
});
