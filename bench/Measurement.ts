/** One line of the table. */
export interface Measurement {
  name: string;
  /** The median of `runs`, after one that does not count. */
  seconds: number;
  /** The best of them, which a busy machine disturbs least. */
  fastest: number;
  runs: number;
  /** Floating-point operations of the matrix products, in 10⁹ a second. */
  gflops?: number;
  /** What was done exactly. */
  detail: string;
}
