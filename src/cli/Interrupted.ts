/** A signal ended work that stops well and can go on: the exit status is the signal's. */
export class Interrupted extends Error {
  readonly status: number;

  constructor(signal: string, status: number) {
    super(`stopped by ${signal}; what is done is kept, and the same command goes on from there`);
    this.status = status;
  }
}
