import { expect, test } from "vitest";
import { decodeAddress, encodeAddress } from "../../../src/ui/place/address.ts";

test("a place, what is looked at in it and its view come back from an address", () => {
  const address = {
    place: "facts",
    item: "cities / München?",
    view: { model: "org/m", prompt: "?/#", settings: { memit: { lambda: "5" } } },
  } as const;
  const hash = encodeAddress(address);
  expect(hash).toMatch(/^#\/facts\/cities%20/);
  expect(decodeAddress(hash, ["memit"])).toEqual(address);
});

test("links of before there were places open the fact, or the facts, that they are of", () => {
  expect(decodeAddress("#model=demo&subject=Paris")).toEqual({
    place: "fact",
    item: "",
    view: { model: "demo", subject: "Paris" },
  });
  expect(decodeAddress("#many=1&method=memit")).toEqual({
    place: "facts",
    item: "",
    view: { method: "memit" },
  });
});

test.for(["", "#", "#/", "#/nowhere", "#/fact"])("%s is the fact, with nothing asked", (hash) => {
  expect(decodeAddress(hash)).toEqual({ place: "fact", item: "", view: {} });
});

test("a thing's name that is no encoding stays as it is", () => {
  expect(decodeAddress("#/studies/50%").item).toBe("50%");
});
