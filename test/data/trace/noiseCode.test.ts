import { expect, test } from "vitest";
import { parseNoise } from "../../../src/data/trace/noiseCode.ts";

test.for([
  ["3s", { kind: "sigma", factor: 3 }],
  ["s3", { kind: "sigma", factor: 3 }],
  ["s", { kind: "sigma", factor: 1 }],
  [" 0.5s ", { kind: "sigma", factor: 0.5 }],
  ["0.1", { kind: "level", level: 0.1 }],
  ["0", { kind: "level", level: 0 }],
  ["u0.1", { kind: "uniform", level: 0.1 }],
] as const)("%s is %j", ([code, noise]) => {
  expect(parseNoise(code)).toEqual(noise);
});

test.for(["", "x", "3x", "-1", "-1s", "u", "ux", "s3s", "Infinity"])("%j is none", (code) => {
  expect(() => parseNoise(code)).toThrow(/^invalid noise: .* \(3s for 3 σ/);
});
