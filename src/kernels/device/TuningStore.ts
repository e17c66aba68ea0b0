/** Where what was measured is remembered from one page load to the next: values that JSON can hold. */
export interface TuningStore {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
}
