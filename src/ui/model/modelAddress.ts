import type { ChosenModel } from "../../../workers/protocol/protocol.ts";

/** Where the model of a link is: `demo`, an address, or a Hub id with or without `@revision`. */
export function sourceOf(model: string): ChosenModel {
  if (model === "demo") return { kind: "demo" };
  const [, id, revision] = /^([^@/:]+\/[^@/:]+)@(.+)$/.exec(model) ?? [];
  if (id) return { kind: "address", address: id, revision };
  return { kind: "address", address: model };
}

/** How a model is named in a link; a folder of this computer cannot be. */
export function addressOf(source: ChosenModel): string {
  if (source.kind === "demo") return "demo";
  if (source.kind === "folder") return `folder:${source.name}`;
  return source.revision ? `${source.address}@${source.revision}` : source.address;
}

/** Whether a link names a folder of a computer, which is no address. */
export const isFolderName = (source: ChosenModel): boolean =>
  source.kind === "address" && source.address.startsWith("folder:");

/** @throws where a link names a folder of a computer: the page cannot open that by itself */
export function checkAddress(source: ChosenModel) {
  if (source.kind !== "address" || !isFolderName(source)) return;
  const name = source.address.slice("folder:".length);
  throw new Error(
    `the link names a folder of a computer, ${name}, which a page may not read again by itself; open it with “Open a model…”`,
  );
}
