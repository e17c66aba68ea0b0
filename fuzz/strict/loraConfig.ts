// The rules by which PEFT 0.21 puts a LoRA adapter into a model, one after the other.

const unsupported = ["use_rslora", "use_dora", "use_qalora", "use_bdlora", "lora_bias", "alora_invocation_tokens", "layer_replication", "target_parameters", "trainable_token_indices"]; // prettier-ignore
const starts: unknown[] = [undefined, true, false, "gaussian", "eva", "orthogonal"];

/**
 * Throws where a rule is broken.
 *
 * @param config adapter_config.json
 * @param weights adapter_model.safetensors
 */
export function checkLora(config: Uint8Array, weights: Uint8Array): void {
  const settings = JSON.parse(utf8(config)) as Record<string, unknown>;
  must(settings.peft_type === "LORA", "LoRA");
  for (const option of unsupported) must(!settings[option], `no ${option}`);
  must(starts.includes(settings.init_lora_weights), "a start that leaves the base model alone");
  const { r = 8, lora_alpha: alpha = 8, bias = "none" } = settings;
  must(bias === "none", "no biases");
  must(Number.isInteger(r) && (r as number) > 0, "r above 0");
  must(typeof alpha === "number" && Math.abs(alpha) < 3.5e38, "a float32 for lora_alpha");
  const length = Number(new DataView(weights.buffer, weights.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(utf8(weights.subarray(8, 8 + length))) as Record<
    string,
    { shape: number[] }
  >;
  const ranks = (settings.rank_pattern ?? {}) as Record<string, number>;
  for (const [name, { shape }] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const [, module, half] = /^base_model\.model\.(.+)\.lora_([AB])\.weight$/.exec(name) ?? [];
    must(module !== undefined && shape.length === 2, "matrices of LoRA alone");
    const key = Object.keys(ranks).find((key) => new RegExp(`^(.*\\.)?(${key})$`).test(module));
    const rank = key === undefined ? r : ranks[key];
    must(shape[half === "A" ? 0 : 1] === rank, `rank ${String(rank)} of ${module}`);
    must(isTarget(settings.target_modules, module), `${module} among the targets`);
  }
}

const utf8 = (bytes: Uint8Array) =>
  new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);

const isTarget = (targets: unknown, module: string): boolean =>
  !Array.isArray(targets) ||
  (targets as string[]).some((target) => module === target || module.endsWith(`.${target}`));

function must(holds: boolean, rule: string): void {
  if (!holds) throw new Error(`PEFT asks for ${rule}`);
}
