import { expect, test } from "vitest";
import { tracePreset } from "../../../src/methods/trace/tracePreset.ts";
import { config } from "../../support/methods/shapes.ts";

/** As they are written in METHODS 2.4 and 2.5. */
const published = {
  "gpt2-xl": { shape: [48, 1600], script: "level 0.1" },
  "gpt-j-6b": { shape: [28, 4096], script: "level 0.025" },
  "gpt-neox-20b": { shape: [44, 6144], script: "level 0.03" },
};

test.each(Object.entries(published))("%s has every published number", (name, { shape, script }) => {
  const { settings, source } = tracePreset(config(name, shape[0], shape[1]));
  const noise = { kind: "sigma", factor: 3 };
  expect(settings).toMatchObject({ samples: 10, window: 10, noise });
  expect(source).toContain(script);
});

test("models whose scripts set nothing have the code's default noise", () => {
  const { settings, source } = tracePreset(config("gpt2-large", 36, 1280));
  expect(settings.noise).toEqual({ kind: "sigma", factor: 3 });
  expect(source).toBe("the default of the authors' code");
});

test("the built-in model's windows are one layer", () => {
  expect(tracePreset(config("demo", 6, 256)).settings.window).toBe(1);
});
