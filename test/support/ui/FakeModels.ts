/* eslint-disable @typescript-eslint/require-await -- it stands for calls across a thread, which are promises */
import { editors } from "../../../src/methods/edit/editors.ts";
import type { RemoteLab } from "../../../workers/connect.ts";
import type {
  KeptModels,
  KeptModelView,
  KnownModelView,
  ModelConfig,
  ModelRequest,
  PlaceRequest,
  PlaceView,
  PlanView,
  PrecisionPlan,
} from "../../../workers/protocol/protocol.ts";

type RemoteModels = RemoteLab["models"];

/** The shape of GPT-2 XL. */
export const config: ModelConfig = {
  architecture: "gpt2",
  name: "openai-community/gpt2-xl",
  revision: "main",
  layers: 48,
  dModel: 1600,
  dMlp: 6400,
  heads: 25,
  vocab: 50257,
  positions: 1024,
  layerNormEpsilon: 1e-5,
  rotaryDim: 0,
  tied: true,
};

/** One model of 6.4 GB: 4 bits fit, 8 bits and float32 are doubtful, the device has no float16. */
export class FakeModels implements RemoteModels {
  models: KeptModelView[] = [];
  /** A sentence that looking fails with. */
  fail: string | undefined;
  /** Whether float32 is refused instead. */
  refuses = false;
  asked: ModelRequest[] = [];

  remembered: unknown;

  async folder() {
    return this.remembered;
  }

  async keepFolder(handle: unknown) {
    this.remembered = handle;
  }

  async known(): Promise<KnownModelView[]> {
    const source = { kind: "address" as const, address: config.name };
    return [{ name: "GPT-2 XL", parameters: 1_557_611_200, bytes: 6.43e9, source }];
  }

  async place({ source, hub }: PlaceRequest): Promise<PlaceView> {
    const isAddress = /^https?:/.test(source.address);
    const url = new URL(
      isAddress ? source.address : `${hub ?? "https://huggingface.co"}/${source.address}`,
    );
    return { url: url.href, host: url.host, own: false, mirror: !isAddress && hub !== undefined };
  }

  async plan(_id: number, request: ModelRequest): Promise<PlanView> {
    this.asked.push(request);
    if (this.fail) throw new Error(this.fail);
    const kept = this.models.reduce((sum, model) => sum + model.bytes, 0);
    return {
      config,
      family: "GPT-2",
      parameters: 1_557_611_200,
      bytes: 6.43e9,
      kept,
      from: "huggingface.co",
      offline: false,
      works: [
        ...editors.map(({ name, title }) => ({ name, title })),
        { name: "trace", title: "Tracing" },
      ],
      stored: "float",
      storage: { used: 1e7, free: 6e10, persisted: false },
      files: [
        { path: "config.json", bytes: 665 },
        { path: "model.safetensors", bytes: 6.43e9 },
      ],
    };
  }

  async memory({ work }: { work: string }): Promise<PrecisionPlan[]> {
    const need = (weights: number) => {
      const statistics = work === "trace" ? 0 : 328e6;
      const rest = { activations: 1e9, scratch: 1e8 };
      return { weights, statistics, ...rest, total: weights + statistics + 1.1e9 };
    };
    const suggestion = { sentence: "choose q4 (2.4 GB)", precision: "q4" as const };
    return [
      {
        precision: "f32",
        need: need(6.2e9),
        suggestion,
        level: this.refuses ? "refused" : "doubtful",
        reason: `it takes about 7.6 GB of ${work}, and that would not fit`,
      },
      {
        precision: "f16",
        need: need(3.1e9),
        level: "refused",
        suggestion,
        reason: "this graphics device computes no float16 (it lacks shader-f16)",
      },
      { precision: "q8", need: need(1.8e9), level: "unknown", reason: "it takes about 3.2 GB" },
      { precision: "q4", need: need(1e9), level: "fits", reason: "it takes about 2.4 GB" },
    ];
  }

  async kept(): Promise<KeptModels> {
    return { models: this.models, storage: { used: 1e7, free: 6e10, persisted: false } };
  }

  async remove({ base }: { base: string }): Promise<KeptModels> {
    this.models = this.models.filter((model) => model.base !== base);
    return this.kept();
  }
}
