import type { KnownModelView } from "../../../workers/protocol/protocol.ts";

/** The model that comes with the page. As of every other, `bytes` are those of the files that opening it reads. */
export const builtIn: KnownModelView = {
  name: "Built-in model",
  parameters: 9_070_592,
  bytes: 18_211_554,
  source: { kind: "demo" },
  note: "a toy that knows thousands of facts",
};
