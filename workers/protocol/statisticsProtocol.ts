import type { TextForm } from "../../src/data/facts/texts.ts";
import type { KeptStatistics, StatisticsKey } from "../../src/engine/storage/statisticsStore.ts";
import type { CollectionBegun, CollectProgress } from "../../src/methods/statistics/statistics.ts";

/** Covariance statistics that are at hand. */
export interface StatisticsView {
  layer: number;
  source: string;
  /** How many keys were summed. */
  count: number;
}

/** Covariance statistics that are kept in this browser. */
export interface KeptView extends KeptStatistics {
  /** Whether edits of the layer use these. */
  inUse: boolean;
  /** Of which precision they are, where the open model is of another: they are used when they are chosen. */
  otherPrecision?: string | undefined;
}

/** A collection that was begun, on this visit or an earlier one. */
export interface CollectionView extends CollectionBegun {
  /** What it was asked to be, where that was kept: it can go on without being asked anew. */
  order?: Omit<CollectOrder, "date"> | undefined;
}

/** Everything about covariance statistics that the page shows. */
export interface StatisticsOverview {
  kept: KeptView[];
  /** All that are at hand, those that the model ships among them. */
  atHand: StatisticsView[];
  collection?: CollectionView | undefined;
  /** Why something will not outlive the page, or cannot be read. */
  notice?: string | undefined;
  /** What is different where a file was not taken because it says that it is of another model. */
  question?: string | undefined;
}

/** What the page asks of an import. */
export interface AddOrder {
  from: File | string;
  /** Absent: the layer that the file says. */
  layer?: number | undefined;
  /** Milliseconds since 1970. */
  date: number;
  /** Taken although it says that it is of another model. */
  another?: boolean | undefined;
}

/** Where the texts of a corpus come from. */
export type TextSource =
  | { kind: "file"; file: File }
  | { kind: "address"; address: string }
  | { kind: "paste"; text: string };

/** What the page asks of a collection. */
export interface CollectOrder {
  layers: number[];
  text: TextSource;
  /** Absent: the likeliest. */
  form?: TextForm | undefined;
  /** How many texts to draw; absent for all. */
  samples?: number | undefined;
  /** Stop after so many keys. */
  tokens?: number | undefined;
  /** Milliseconds since 1970. */
  date: number;
}

export type { CollectProgress, StatisticsKey, TextForm };
