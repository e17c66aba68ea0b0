"""Write the trained model as a Hub repository: `python export.py --model model.pt --tokenizer DIR --out DIR`.

The weights are rounded to float16. What is read back is compared with transformers' GPT2LMHeadModel.
"""

import argparse
import json
import os
import shutil

import torch
from safetensors.torch import load_file, save_file

from model import GPT2


def config_of(model):
    """config.json of transformers' GPT2LMHeadModel."""
    return {
        "activation_function": "gelu_new",
        "architectures": ["GPT2LMHeadModel"],
        "attn_pdrop": 0.0,
        "bos_token_id": 0,
        "embd_pdrop": 0.0,
        "eos_token_id": 0,
        "initializer_range": 0.02,
        "layer_norm_epsilon": 1e-05,
        "model_type": "gpt2",
        **model.config,
        "n_ctx": model.config["n_positions"],
        "reorder_and_upcast_attn": False,
        "resid_pdrop": 0.0,
        "scale_attn_by_inverse_layer_idx": False,
        "scale_attn_weights": True,
        "tie_word_embeddings": True,
        "torch_dtype": "float16",
        "use_cache": True,
    }


def write_json(folder, name, value):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        json.dump(value, file, indent=2)
        file.write("\n")


def load_trained(path):
    """A GPT2 from train.py's file."""
    stored = torch.load(path)
    model = GPT2(**stored["config"])
    model.load_state_dict(stored["state"])
    return model.eval()


def load_shipped(folder):
    """A GPT2 from the shipped folder: float16 weights, run in float32."""
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    names = ("vocab_size", "n_layer", "n_embd", "n_head", "n_inner", "n_positions")
    model = GPT2(**{name: config[name] for name in names})
    tensors = load_file(os.path.join(folder, "model.safetensors"))
    model.load_state_dict({name.removeprefix("transformer."): t.float() for name, t in tensors.items()})
    return model.eval()


def export(model, tokenizer, folder):
    os.makedirs(folder, exist_ok=True)
    tensors = {f"transformer.{k}": v.to(torch.float16).contiguous() for k, v in model.state_dict().items()}
    save_file(tensors, os.path.join(folder, "model.safetensors"), metadata={"format": "pt"})
    write_json(folder, "config.json", config_of(model))
    write_json(folder, "generation_config.json", {"bos_token_id": 0, "eos_token_id": 0, "do_sample": False})
    for name in ("tokenizer.json", "tokenizer_config.json"):
        if os.path.abspath(tokenizer) != os.path.abspath(folder):
            shutil.copy(os.path.join(tokenizer, name), folder)


@torch.no_grad()
def difference(folder):
    """Largest difference of logits between our model and transformers', on 4 x 40 random tokens."""
    from transformers import GPT2LMHeadModel

    ours = load_shipped(folder)
    theirs = GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float32).eval()
    ids = torch.randint(0, ours.config["vocab_size"], (4, 40), generator=torch.Generator().manual_seed(1))
    return (ours.logits(ours(ids)) - theirs(ids).logits).abs().max().item()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    export(load_trained(args.model), args.tokenizer, args.out)
    print("bytes", os.path.getsize(os.path.join(args.out, "model.safetensors")))
    print("largest difference from transformers", difference(args.out))
