"""The peer of `npm run bench -- --only peers`: one random GPT-2, as safetensors for us and as ONNX for transformers.js.

    python -m venv venv && venv/bin/pip install "optimum-onnx[onnxruntime]"
    venv/bin/python bench/export_peer.py --out DIR [--weights FOLDER] [--layers 12 --width 768 --heads 12]

Writes DIR/peer with config.json, tokenizer.json, model.safetensors and onnx/model.onnx, and DIR/peer.json with the versions,
the seed and the first logits. `--weights` takes a folder with model.safetensors instead of drawing the weights.
Last made with Python 3.11, torch 2.15.0, transformers 4.57.6, optimum-onnx 0.1.0, onnx and onnxruntime as peer.json says.
"""

import argparse
import importlib.metadata
import json
import pathlib
import platform
import shutil

import torch
from optimum.exporters.onnx import main_export
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel

SEED = 1


def random_model(args):
    """Weights as GPT-2's own initialisation draws them, with biases and norms that are not trivial."""
    torch.manual_seed(SEED)
    config = GPT2Config(
        n_layer=args.layers, n_embd=args.width, n_head=args.heads, vocab_size=args.vocab, bos_token_id=0, eos_token_id=0
    )
    model = GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 1:
                parameter.add_(0.02 * torch.randn_like(parameter))
    return model


def byte_tokenizer(vocab):
    """A tokenizer that both sides can load; the bench feeds ids, so it only has to exist."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    entries = {"<|endoftext|>": 0, **{letter: i + 1 for i, letter in enumerate(alphabet)}}
    tokenizer = Tokenizer(models.BPE(vocab=entries, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|endoftext|>"])
    return tokenizer


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--weights", type=pathlib.Path)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--heads", type=int, default=12)
    parser.add_argument("--vocab", type=int, default=50257)
    args = parser.parse_args()
    folder = args.out / "peer"
    folder.mkdir(parents=True, exist_ok=True)
    model = GPT2LMHeadModel.from_pretrained(args.weights).eval() if args.weights else random_model(args)
    model.save_pretrained(folder)
    byte_tokenizer(model.config.vocab_size).save(str(folder / "tokenizer.json"))
    tokenizer_config = {"tokenizer_class": "GPT2Tokenizer", "model_max_length": model.config.n_positions}
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer_config))

    # The export that the Hub's ONNX models for transformers.js were made with: one graph with past keys and values.
    exported = args.out / "exported"
    main_export(str(folder), output=exported, task="text-generation-with-past", do_validation=False, no_post_process=False)
    (folder / "onnx").mkdir(exist_ok=True)
    for part in exported.glob("model.onnx*"):
        shutil.move(part, folder / "onnx" / part.name)
    shutil.rmtree(exported)

    ids = [(i * 7919) % model.config.vocab_size for i in range(12)]
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0, -1, :8].tolist()
    packages = ["torch", "transformers", "optimum", "optimum-onnx", "onnx", "onnxruntime"]
    about = {
        "seed": None if args.weights else SEED,
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in packages},
        "config": {"layers": model.config.n_layer, "width": model.config.n_embd, "vocab": model.config.vocab_size},
        "logits": {"ids": ids, "last": logits},
    }
    (args.out / "peer.json").write_text(json.dumps(about, indent=2))


if __name__ == "__main__":
    main()
