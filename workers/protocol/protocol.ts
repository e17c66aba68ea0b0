export type { TabChange } from "../../src/engine/storage/OtherTabs.ts";
export type { Fact } from "../../src/data/facts/facts.ts";
export type * from "./askProtocol.ts";
export type * from "./editProtocol.ts";
export type * from "./modelProtocol.ts";
export type * from "./scoreProtocol.ts";
export type * from "./statisticsProtocol.ts";
export type * from "./tableProtocol.ts";
export type * from "./traceProtocol.ts";
