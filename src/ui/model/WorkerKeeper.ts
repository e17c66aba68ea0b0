import type { Connection, RemoteLab } from "../../../workers/connect.ts";
import type { DeviceView } from "../../../workers/protocol/protocol.ts";

/** A worker that died so often within a minute is not started again unasked. */
const [OFTEN, MINUTE] = [3, 60_000];

/** What became of a worker. */
export interface Death {
  /** "the worker that holds the model stopped (…)". */
  what: string;
  /** Whether it is time to give up. */
  tooOften: boolean;
}

/** Holds the worker, hears of its end, and starts another. */
export class WorkerKeeper {
  readonly #connect: () => Connection;
  readonly #onDeath: (death: Death) => void;
  #connection!: Connection;
  #deaths: number[] = [];
  /** Whether it was its graphics device that went. */
  #lostDevice = false;
  #hadGpu = false;

  constructor(connect: () => Connection, onDeath: (death: Death) => void) {
    this.#connect = connect;
    this.#onDeath = onDeath;
    this.#open();
  }

  get lab(): RemoteLab {
    return this.#connection.lab;
  }

  callback<F extends (...values: never[]) => void>(call: F): F {
    return this.#connection.callback(call);
  }

  /** Another worker in the place of this one. */
  restart() {
    this.end();
    this.#open();
  }

  end() {
    this.#connection.end();
  }

  /** Opens the device; one that was lost may take some seconds to come back. */
  async openDevice(id: number, preference: "webgpu" | "wasm" | ""): Promise<DeviceView> {
    const open = () => this.lab.open(id, document.baseURI, preference || undefined);
    let device = await open();
    for (let tries = 0; this.#lostDevice && device.provider !== "webgpu" && tries < 5; tries++) {
      await new Promise((wake) => setTimeout(wake, 1000));
      device = await open();
    }
    this.#lostDevice = false;
    this.#hadGpu = device.provider === "webgpu";
    return device;
  }

  #open() {
    const connection = (this.#connection = this.#connect());
    void connection.died.then((reason) => {
      if (connection === this.#connection) this.#died(reason);
    });
  }

  #died(reason: string) {
    const now = performance.now();
    this.#deaths = [...this.#deaths.filter((at) => now - at < MINUTE), now];
    this.#lostDevice = this.#hadGpu && /^the graphics device/.test(reason);
    const what = this.#lostDevice
      ? "the graphics device was lost, as happens when its memory is full or its driver starts anew"
      : `the worker that holds the model stopped (${reason})`;
    this.#onDeath({ what, tooOften: this.#deaths.length >= OFTEN });
  }
}
