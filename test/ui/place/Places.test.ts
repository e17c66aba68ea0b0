import { afterEach, expect, test, vi } from "vitest";
import { Draft } from "../../../src/ui/fact/Draft.svelte.ts";
import { decodeAddress } from "../../../src/ui/place/address.ts";
import { Places } from "../../../src/ui/place/Places.svelte.ts";
import type { View } from "../../../src/ui/viewHash.ts";
import { facts } from "../../support/ui/facts.ts";

afterEach(() => vi.unstubAllGlobals());

/** The browser's history of one tab, and the page's form in it. */
function visit() {
  const entries: string[] = [""];
  let at = 0;
  vi.stubGlobal("history", {
    state: { palimpsest: true },
    replaceState: (_: unknown, __: string, hash: string) => void (entries[at] = hash),
    pushState: (_: unknown, __: string, hash: string) =>
      void entries.splice(++at, entries.length, hash),
  });
  const [places, draft] = [new Places(), new Draft()];
  const write = () =>
    places.write(
      { ...places.spot, view: draft.view() as Partial<View> },
      String(draft.fact?.id ?? ""),
    );
  const go = (steps: number) => {
    const address = decodeAddress(entries[(at += steps)]);
    places.follow(address);
    draft.restore(address.view, facts);
    write();
  };
  return { draft, write, go, entries };
}

test("a sentence that was typed comes back by Back after another example was filled in, and goes by Forward", () => {
  const { draft, write, go, entries } = visit();
  draft.take(facts[0]);
  write();
  draft.type("Marie Curie was born in the city of");
  draft.nameSubject("Marie Curie");
  Object.assign(draft, { target: "London", truth: "Warsaw", neighbours: "Chopin was born in" });
  write();
  const own = draft.view();
  draft.take(facts[1]);
  Object.assign(draft, { answer: "Rome", truth: "typed of the example" });
  write();
  expect(entries).toHaveLength(3);
  go(-1);
  expect(draft.view()).toEqual(own);
  expect(draft.strange).toEqual([]);
  go(1);
  expect(draft).toMatchObject({ fact: facts[1], answer: "Rome", truth: "typed of the example" });
  go(-2);
  expect(draft).toMatchObject({ fact: facts[0], answer: "" });
});
