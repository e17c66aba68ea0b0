/* eslint-disable @typescript-eslint/require-await -- it stands for calls across a thread, which are promises */
import type { RemoteLab } from "../../../workers/connect.ts";
import type { EarlierEntry, EarlierTaken } from "../../../workers/protocol/protocol.ts";

/** What an earlier version kept, in an array. */
export class FakeEarlier implements Pick<RemoteLab["earlier"], "list" | "take" | "remove"> {
  entries: EarlierEntry[] = [];
  taken: EarlierTaken = { edits: [], unread: 0 };

  async list() {
    return this.entries;
  }

  async take() {
    return this.taken;
  }

  async remove({ id }: { id: string }) {
    return (this.entries = this.entries.filter((entry) => entry.id !== id));
  }
}
