/** How much was done when, on a clock that stands while the job does. */
interface Point {
  at: number;
  done: number;
}

/** Seconds of work that the pace is measured over at least, and the share of all work so far. */
const [SHORTEST, RECENT] = [4, 0.5];
/** Reports that are remembered; of more, every second is forgotten. */
const MOST = 400;

/**
 * How fast a job goes, from what it reports: over the later half of the time that it worked, so that a slow beginning is
 * forgotten. Times are milliseconds of one clock; time in which the job stood still counts for nothing.
 */
export class Pace {
  #points: Point[] = [];
  #total = 0;
  #worked = 0;
  /** When it last began to work; undefined while it stands. */
  #since: number | undefined;

  constructor(now: number) {
    this.#since = now;
  }

  /** Seconds of work so far. */
  worked(now: number): number {
    return (this.#worked + (this.#since === undefined ? 0 : now - this.#since)) / 1000;
  }

  /** The job stands, or works again. */
  stand(now: number, stands: boolean) {
    if (stands === (this.#since === undefined)) return;
    this.#worked = 1000 * this.worked(now);
    this.#since = stands ? undefined : now;
  }

  /** The job has done so much of so much; what counts anew from less begins anew. */
  report(now: number, done: number, total: number) {
    const last = this.#points.at(-1);
    if (last && done < last.done) this.#points = [];
    this.#total = total;
    if (last && done === last.done) return;
    this.#points.push({ at: this.worked(now), done });
    if (this.#points.length > MOST) this.#points = this.#points.filter((_, i) => i % 2 === 0);
  }

  /** Seconds of work that are left; undefined while nothing tells. */
  left(now: number): number | undefined {
    const last = this.#points.at(-1);
    if (!last || last.done <= 0) return undefined;
    const at = this.worked(now);
    const begin = this.#points[0];
    const recent = last.at - Math.max(SHORTEST, RECENT * (last.at - begin.at));
    const known = this.#points.filter((point) => point.at >= recent);
    // What came before the first report counts only while nothing else tells.
    const first = known.length > 1 ? known[0] : begin === last ? { at: 0, done: 0 } : begin;
    const [done, took] = [last.done - first.done, last.at - first.at];
    if (!(took > 0)) return undefined;
    const step = {
      done: done / Math.max(1, known.length - 1),
      took: took / Math.max(1, known.length - 1),
    };
    const rest = Math.max(0, this.#total - last.done);
    const since = at - last.at;
    // A report that is overdue says that it goes more slowly: as if it came just now.
    if (since > 1.5 * step.took)
      return (Math.max(0, rest - step.done) * (took + since)) / (done + step.done);
    return Math.max(0, (rest * took) / done - since);
  }
}
