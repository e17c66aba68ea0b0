import * as Comlink from "comlink";
import { writeNpz } from "../../src/data/archive/npz.ts";
import type { Delta } from "../../src/data/delta/delta.ts";
import { aboutTrace } from "../../src/data/run/runAbout.ts";
import type { RunContext, RunSigma } from "../../src/data/run/RunContext.ts";
import { traceNpz } from "../../src/data/trace/traceNpz.ts";
import type { Model } from "../../src/engine/Model.ts";
import { promptTemplate } from "../../src/methods/prompt/subject.ts";
import { trace } from "../../src/methods/trace/trace.ts";
import { contextOf, type Frozen } from "./Frozen.ts";
import type { HeldEdits } from "../HeldEdits.ts";
import type { Trace, TraceEvent, TraceOrder, TraceRun } from "../protocol/traceProtocol.ts";
import type { Queue } from "../Queue.ts";
import type { Sigmas } from "./Sigmas.ts";

/** What the Lab lends. */
export interface TracingHost {
  queue: Queue;
  /** The model with these deltas and no other. */
  model(deltas: Delta[]): Model;
  held: Pick<HeldEdits, "freeze">;
  sigmas: Pick<Sigmas, "of">;
}

/** The Lab's causal traces. */
export class Tracing {
  readonly #host: TracingHost;

  constructor(host: TracingHost) {
    this.#host = host;
  }

  /**
   * Traces every kind that is asked for, in one run: of the model as it is now, with the edits that are on now, whatever is
   * switched before it ends.
   */
  run(id: number, order: TraceOrder, report: (event: TraceEvent) => void): Promise<TraceRun> {
    const frozen = this.#host.held.freeze();
    const task = { doing: "tracing", urgency: "short" as const };
    return this.#host.queue.runReporting(id, task, report, async (signal) => {
      const model = this.#host.model(frozen.deltas);
      const { sigma, context } = await this.#begin(frozen, model, order);
      report({ type: "run", context });
      const traces: Trace[] = [];
      const { kinds, ...request } = order;
      for (const kind of kinds) {
        const found = await trace(
          model,
          { ...request, kind },
          {
            sigma,
            onStart: (start) => report({ type: "start", start }),
            onRow: (token, row) => report({ type: "row", kind, token, row }),
            signal,
          },
        );
        traces.push(found);
        report({ type: "done", trace: found });
      }
      return { context, traces };
    });
  }

  /** A trace as the authors' .npz, with what it is of. */
  file(found: Trace, run?: RunContext): Uint8Array {
    const bytes = writeNpz(traceNpz(found, run));
    return Comlink.transfer(bytes, [bytes.buffer as ArrayBuffer]);
  }

  async #begin(
    frozen: Frozen,
    model: Model,
    order: TraceOrder,
  ): Promise<{ sigma: number | undefined; context: RunContext }> {
    const { noise, subject, prompt, occurrence } = order;
    const sigma: RunSigma | undefined =
      noise.kind === "sigma" ? await this.#host.sigmas.of(model, subject) : undefined;
    const template = promptTemplate(prompt, subject, occurrence);
    const about = { ...aboutTrace({ ...order, prompt: template }), sigma };
    return { sigma: sigma?.value, context: await contextOf(frozen, model, about) };
  }
}
