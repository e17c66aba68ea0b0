/* eslint-disable @typescript-eslint/require-await -- it stands for calls across a thread, which are promises */
import type { RemoteLab } from "../../../workers/connect.ts";
import type { ExportOrder, SavedModel } from "../../../workers/protocol/protocol.ts";

/** A model that is saved at once, without a byte. */
export class FakeExport implements RemoteExport {
  orders: ExportOrder[] = [];

  async save(_id: number, order: ExportOrder): Promise<SavedModel> {
    this.orders.push(order);
    return { name: "demo-edited.zip", bytes: 8, blob: new Blob(["zip"]) };
  }
}

type RemoteExport = RemoteLab["export"];
