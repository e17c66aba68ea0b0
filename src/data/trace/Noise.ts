/** The scale of the noise: a multiple of σ (METHODS 2.4), a fixed level, or uniform on ± a level. */
export type Noise =
  | { kind: "sigma"; factor: number }
  | { kind: "level"; level: number }
  | { kind: "uniform"; level: number };
