import type { RemoteLab } from "../../../workers/connect.ts";
import type { StudyHead, StudyOffer } from "../../../workers/protocol/protocol.ts";

type RemoteStudying = RemoteLab["studying"];

const none = () => Promise.reject(new Error("this study is not kept in this browser any more"));

/** A browser that keeps no study. */
export class FakeStudying implements RemoteStudying {
  offers = (): Promise<StudyOffer[]> => Promise.resolve([]);
  list = (): Promise<StudyHead[]> => Promise.resolve([]);

  begin = none;
  resume = none;
  view = none;
  zip = none;
  take = none;
  rows = none;
  supply = none;
  finished = none;
  open = none;

  delete = (): Promise<void> => Promise.resolve();
}
