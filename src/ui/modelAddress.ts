import type { ModelSource } from "../../workers/protocol.ts";

/** Where the model of an address is. */
export const sourceOf = (model: string): ModelSource =>
  model === "demo" ? { kind: "demo" } : { kind: "address", address: model };

/** How a model is named in a link; a folder of this computer cannot be. */
export const addressOf = (source: ModelSource) =>
  source.kind === "demo"
    ? "demo"
    : source.kind === "address"
      ? source.address
      : `folder:${source.name}`;

/** @throws where a link names a folder of a computer: the page cannot open that by itself */
export function checkAddress(source: ModelSource) {
  if (source.kind !== "address" || !source.address.startsWith("folder:")) return;
  const name = source.address.slice("folder:".length);
  throw new Error(`the link names a folder of a computer, ${name}; open it with “Open a model…”`);
}
