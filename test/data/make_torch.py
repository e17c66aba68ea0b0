"""Writes the PyTorch checkpoints that torchCheckpoint.test.ts reads: `python test/data/make_torch.py` (PyTorch 2.15.0, transformers 5.23.0).

Every file but the last three has the weights of `torch_f32.safetensors`, which is written beside them.
"""

import collections
import json
import pathlib

import safetensors.torch
import torch
import transformers

here = pathlib.Path(__file__).parent
generator = torch.Generator().manual_seed(1)


def numbers(*shape):
    return torch.randn(*shape, generator=generator)


state = collections.OrderedDict(
    {
        "wte.weight": numbers(7, 4),
        "h.0.attn.bias": torch.tril(torch.ones(3, 3, dtype=torch.uint8)).view(1, 1, 3, 3),
        "h.0.attn.masked_bias": torch.tensor(-1e4),
        "h.0.mlp.c_fc.weight": numbers(4, 5),
        "h.0.mlp.c_fc.bias": numbers(5),
        "ln_f.weight": torch.ones(4),
    }
)
weights = {name: x for name, x in state.items() if "attn" not in name}
safetensors.torch.save_file(weights, here / "torch_f32.safetensors", metadata={"format": "pt"})
(here / "torch_f32.safetensors").chmod(0o644)


def cast(dtype):
    return {name: x.to(dtype) if x.is_floating_point() else x for name, x in state.items()}


torch.save(state, here / "torch_f32.bin")
torch.save(cast(torch.float16), here / "torch_f16.bin")
torch.save(cast(torch.bfloat16), here / "torch_bf16.bin")
torch.save(cast(torch.float64), here / "torch_f64.bin")
torch.save(state, here / "torch_legacy.bin", _use_new_zipfile_serialization=False)

# A module's own dictionary (with its versions as attributes), parameters, and views of one storage.
module = torch.nn.Linear(5, 4)
with torch.no_grad():
    module.weight.copy_(state["h.0.mlp.c_fc.weight"])
together = torch.cat([state["wte.weight"].flatten(), state["h.0.mlp.c_fc.bias"]])
mixed = module.state_dict(keep_vars=True)
mixed["wte.weight"] = together[:28].view(7, 4)
mixed["lm_head.weight"] = mixed["wte.weight"]
mixed["h.0.mlp.c_fc.bias"] = together[28:]
mixed["empty"] = torch.zeros(0, 4)
torch.save(mixed, here / "torch_views.bin")
torch.save({"wte.weight": state["wte.weight"].t()}, here / "torch_transposed.bin")
torch.save(torch.nn.Linear(2, 2), here / "torch_module.bin")

names = [name for name in state]
shards = {"torch-00001.bin": names[:3], "torch-00002.bin": names[3:]}
for file, part in shards.items():
    torch.save({name: state[name] for name in part}, here / file)
index = {name: file for file, part in shards.items() for name in part}
(here / "torch.bin.index.json").write_text(json.dumps({"weight_map": index}, indent=2) + "\n")

# A whole model of one layer, which `convert` reads in either form.
transformers.set_seed(1)
config = transformers.GPT2Config(n_layer=1, n_embd=8, n_head=2, n_positions=6, vocab_size=11)
model = transformers.GPT2LMHeadModel(config)
torch.save(model.state_dict(), here / "torch_gpt2.bin")
tensors = {name: x for name, x in model.state_dict().items() if name != "lm_head.weight"}
safetensors.torch.save_file(tensors, here / "torch_gpt2.safetensors", metadata={"format": "pt"})
(here / "torch_gpt2.safetensors").chmod(0o644)
fields = ("model_type", "n_layer", "n_embd", "n_head", "n_positions", "vocab_size")
shape = {field: getattr(config, field) for field in fields}
(here / "torch_gpt2.json").write_text(json.dumps(shape, indent=2) + "\n")
