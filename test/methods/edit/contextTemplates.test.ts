import { expect, test, vi } from "vitest";
import {
  checkContexts,
  cleanPrefix,
  contextTemplates,
  paperLengths,
} from "../../../src/methods/edit/contextTemplates.ts";
import { tinyModel } from "../../support/methods/tiny.ts";

vi.setConfig({ testTimeout: 120_000 });

const model = await tinyModel();

test("the paper's lengths give 21 templates, the identity first", async () => {
  const templates = await contextTemplates(model, paperLengths, { seed: 1 });
  expect(templates).toHaveLength(21);
  expect(templates[0]).toBe("{}");
  for (const template of templates.slice(1)) {
    expect(template).toMatch(/^[^{}]*\. \{\}$/su);
    expect(template).not.toContain("<|endoftext|>");
  }
});

test("the same seed gives the same templates, another seed others", async () => {
  const sample = (seed: number) => contextTemplates(model, [[8, 4]], { seed });
  const [one, again, other] = [await sample(1), await sample(1), await sample(2)];
  expect(again).toEqual(one);
  expect(other).not.toEqual(one);
});

test("they are sampled once for a model as it is, and again after an edit", async () => {
  const cost = async () => {
    const before = model.cost.blockTokens;
    await contextTemplates(model, [[6, 2]], { seed: 5 });
    return model.cost.blockTokens - before;
  };
  expect(await cost()).toBeGreaterThan(0);
  expect(await cost()).toBe(0);
  model.setDeltas([]);
  expect(await cost()).toBeGreaterThan(0);
});

test("another model has templates of its own", async () => {
  const other = await tinyModel("tiny-gptj");
  const before = other.cost.blockTokens;
  await contextTemplates(other, [[6, 2]], { seed: 5 });
  expect(other.cost.blockTokens).toBeGreaterThan(before);
});

test("sampled text is cleaned for use as a prefix", () => {
  expect(cleanPrefix("<|endoftext|>A\n\nb {x} ﬁn")).toBe("A b  x  fin");
});

test("given templates need exactly one {} each", () => {
  expect(checkContexts(["{}", "It rains. {}"])).toEqual(["{}", "It rains. {}"]);
  expect(() => checkContexts(["{}", "It rains."])).toThrow("needs one {}");
  expect(() => checkContexts(["{} {}"])).toThrow("needs one {}");
  expect(() => checkContexts([])).toThrow("contexts is empty");
});
