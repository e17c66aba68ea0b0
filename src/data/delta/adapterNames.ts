/** The files of an adapter, and what PEFT begins its tensors' names with. */
export const ADAPTER = {
  config: "adapter_config.json",
  weights: "adapter_model.safetensors",
  edit: "edit.json",
  prefix: "base_model.model.",
} as const;
