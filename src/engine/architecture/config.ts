/** What a graph and a method need to know of a model; the field names of METHODS 1.3. */
export interface ModelConfig {
  /** `model_type` of its config.json, by which architectures.ts knows the rest. */
  architecture: string;
  /** Hub id or folder name, the model's key in statistics and deltas. */
  name: string;
  revision: string;
  layers: number;
  dModel: number;
  dMlp: number;
  heads: number;
  vocab: number;
  /** Longest context in tokens. */
  positions: number;
  layerNormEpsilon: number;
  /** Dimensions per head that are rotated; 0 where positions are learned. */
  rotaryDim: number;
  /** What the rotation's angles are powers of; 10000 where absent. */
  rotaryBase?: number;
  /** What the MLP does between its matrices; gelu_new where absent. */
  activation?: Activation;
  /** Whether attention and MLP stand side by side, where an architecture has both kinds of block. */
  parallel?: boolean;
  /** Whether the attention's matrices have biases, where an architecture leaves that open. */
  attentionBias?: boolean;
  /** True when the unembedding is the token embedding. */
  tied: boolean;
}

/** x Φ(x) by the error function, or with a tanh in its place (METHODS 1.1). */
export type Activation = "gelu" | "gelu_new";
