import { expect, test } from "vitest";

test("the page is cross-origin isolated, so that wasm may have threads", () => {
  expect(crossOriginIsolated).toBe(true);
});
