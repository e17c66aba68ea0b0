import { expect, test } from "vitest";
import { differences, readAbout, refuseOthers, studyAbout } from "../../src/studies/StudyAbout.ts";
import { orderOf } from "../support/studies/orders.ts";

const about = (changes: object = {}) =>
  studyAbout(
    {
      ...orderOf("evaluate", { all: false }),
      methods: [{ name: "one", title: "One", settings: { layer: 2, lengths: [[5, 2]] } }],
      ...changes,
    },
    { cases: [1], filters: [] },
  );

test.for<[string, object, RegExp | undefined]>([
  ["nothing", {}, undefined],
  ["when, where and with what it is run", { date: "x", device: "y", app: "z" }, undefined],
  [
    "what the model and the files are called",
    { model: "a", revision: "b", cases: { file: "other.json", digest: "abc", count: 3 } },
    undefined,
  ],
  ["the model", { stamp: "4567" }, /\(stamp: 0123 there, 4567 here\)/],
  [
    "the cases",
    { cases: { file: "cases.json", digest: "d", count: 3 } },
    /\(cases\.digest: abc there, d here\)/,
  ],
  [
    "a setting of the only method",
    { methods: [{ name: "one", title: "One", settings: { layer: 3, lengths: [[5, 2]] } }] },
    /\(settings\.layer: 2 there, 3 here\)/,
  ],
  [
    "a list",
    { methods: [{ name: "one", title: "One", settings: { layer: 2, lengths: [] } }] },
    /\(settings\.lengths: \[\[5,2\]\] there, \[\] here\)/,
  ],
  [
    "the method",
    { methods: [{ name: "two", title: "Two", settings: { layer: 2, lengths: [[5, 2]] } }] },
    /\(methods: \["one"\] there, \["two"\] here\)/,
  ],
  [
    "an input",
    { inputs: { texts: { file: "a", digest: "e" } } },
    /\(inputs\.texts\.digest: nothing there, e here\)/,
  ],
])("%s may or may not differ", ([, changes, message]) => {
  const compare = () => refuseOthers(about(), about(changes), { where: "out", advice: "look" });
  if (message) expect(compare).toThrow(message);
  else expect(compare).not.toThrow();
});

test("of many differences three are named", () => {
  const found = differences({ a: 1, b: { c: 2, d: 3 }, e: 4 }, { b: { c: 3 }, e: 5 });
  expect(found).toEqual([
    "a: 1 there, nothing here",
    "b.c: 2 there, 3 here",
    "b.d: 3 there, nothing here",
    "e: 4 there, 5 here",
  ]);
  const wrong = about({ seed: 1, precision: "q4", statistics: "x", stamp: "y", settings: {} });
  expect(() => refuseOthers(about(), wrong, { where: "out", advice: "look" })).toThrow(
    /^out holds rows of other settings \((.+; ){2}[^;]+ and 2 more\); look$/,
  );
});

test("what study.json holds is read as it was written", () => {
  const written = JSON.parse(JSON.stringify(about())) as object;
  expect(readAbout(written, "study.json")).toEqual(written);
});

test.each<[unknown, string]>([
  [null, "out/study.json is not a study of Palimpsest"],
  [[], "out/study.json is not a study of Palimpsest"],
  [{ ...about(), version: 2 }, "out/study.json: got version 2, expected 1; update Palimpsest"],
  [{ ...about(), methods: {} }, 'out/study.json: "methods" is an object, expected a list'],
  [{ ...about(), settings: null }, 'out/study.json: "settings" is null, expected an object'],
  [{ ...about(), chosen: { cases: [-1] } }, 'out/study.json: "chosen.cases.0" is -1, expected a'],
  [{ ...about(), seed: "0" }, 'out/study.json: "seed" is "0", expected a number'],
])("a study.json that is damaged is refused by its field: %#", (json, sentence) => {
  expect(() => readAbout(json, "out/study.json")).toThrow(sentence);
});
