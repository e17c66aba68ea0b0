"""Logits, sites, gradients and greedy text of a checkpoint by `transformers`, in float64."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch
from transformers import AutoModelForCausalLM
from transformers.utils import logging

from checkpoints import write_json
from reference import Reference, pad

PROMPTS = [
    "In the old town, the Harbour Lamp is in the city of",
    "Petr Šťastný plays the",
    "The Glass Tower is in the city of",
]
TARGETS = [" Port Vell", " Oster Bridge", " Irma Solberg"]
LAYER = 1
logging.disable_progress_bar()
ADDED = {"mlp": (0, 3), "embed": (-1, 2), "key": (1, 1)}
REPLACED = {"hidden": (1, 2), "attn": (2, 3)}


def make_engine(folder, out):
    reference = Reference.open(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float64).eval()
    rows = [reference.encode(prompt) for prompt in PROMPTS]
    targets = [reference.encode(target) for target in TARGETS]
    if any(len(target) != 2 for target in targets):
        raise ValueError(f"targets must have two tokens each: {targets}")

    arrays = {**sites(model, rows), **gradients(model, rows, targets), **interventions(model, rows)}
    compare(reference, rows, arrays)
    np.savez_compressed(out / "engine.npz", **{k: x.astype(np.float32) for k, x in arrays.items()})
    content = {
        "prompts": PROMPTS,
        "tokens": rows,
        "targets": TARGETS,
        "target_tokens": targets,
        "layer": LAYER,
        "added": ADDED,
        "replaced": REPLACED,
        "greedy": [greedy(model, row, 12) for row in rows],
    }
    write_json(out / "engine.json", content)


def blocks(model):
    return model.gpt_neox.layers if hasattr(model, "gpt_neox") else model.transformer.h


def mlp_out_module(mlp):
    names = ("c_proj", "fc_out", "dense_4h_to_h")
    return next(getattr(mlp, name) for name in names if hasattr(mlp, name))


class Hooks:
    """Sees and may change every site of a `transformers` model; outputs may be tuples."""

    def __init__(self, model, hook):
        neox = hasattr(model, "gpt_neox")
        embedding = model.gpt_neox.embed_in if neox else model.transformer.wte
        self.handles = [embedding.register_forward_hook(self.output(hook, "embed", -1))]
        for layer, block in enumerate(blocks(model)):
            out = mlp_out_module(block.mlp)
            attn = block.attention if neox else block.attn
            self.handles += [
                attn.register_forward_hook(self.output(hook, "attn", layer)),
                block.mlp.register_forward_hook(self.output(hook, "mlp", layer)),
                block.register_forward_hook(self.output(hook, "hidden", layer)),
                out.register_forward_pre_hook(
                    lambda _, x, layer=layer: (hook("key", layer, x[0]), *x[1:])
                ),
            ]

    @staticmethod
    def output(hook, site, layer):
        def replace(_, __, y):
            if isinstance(y, tuple):
                return (hook(site, layer, y[0]), *y[1:])
            return hook(site, layer, y)

        return replace

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for handle in self.handles:
            handle.remove()


def forward(model, rows, hook):
    """Logits [batch, token, vocab] of right-padded rows, with real positions and a mask."""
    ids = pad(rows)
    mask = torch.tensor([[1] * len(row) + [0] * (ids.shape[1] - len(row)) for row in rows])
    with Hooks(model, hook):
        return model(input_ids=ids, attention_mask=mask, use_cache=False).logits


def without_padding(x, rows):
    """A copy as NumPy with zeros after each row's end."""
    x = x.detach().numpy().copy()
    for r, row in enumerate(rows):
        x[r, len(row) :] = 0
    return x


def sites(model, rows):
    seen = {}

    def watch(site, layer, x):
        seen["embed" if site == "embed" else f"{site}.{layer}"] = x
        return x

    logits = forward(model, rows, watch)
    return {name: without_padding(x, rows) for name, x in {"logits": logits, **seen}.items()}


def gradients(model, rows, targets):
    """Of the mean NLL of every target token over all rows, where row = prompt + all targets but one.

    "gradient.": of that loss. "gradient_kl.": of KL(current || reference) at the last prompt token
    of row 0, where the reference is the model's distribution at row 0, token 0.
    """
    long = [row + target[:-1] for row, target in zip(rows, targets)]
    arrays = {}
    for name, loss in (("gradient", nll_loss), ("gradient_kl", kl_loss)):
        kept = {}

        def keep(site, layer, x):
            if layer == LAYER or site == "embed":
                x.requires_grad_(True)
                x.retain_grad()
                kept[site] = x
            return x

        weight = mlp_out(model)
        model.zero_grad()
        value = loss(forward(model, long, keep).log_softmax(-1), rows, targets)
        value.backward()
        arrays[f"{name}.loss"] = np.array(value.item())
        arrays |= {f"{name}.{site}": without_padding(x.grad, long) for site, x in kept.items()}
        dense = weight.grad if model.config.model_type == "gpt2" else weight.grad.T
        arrays[f"{name}.mlpOut"] = dense.numpy().copy()
    return arrays


def nll_loss(log_p, rows, targets):
    terms = [
        -log_p[r, len(row) - 1 + j, token]
        for r, (row, target) in enumerate(zip(rows, targets))
        for j, token in enumerate(target)
    ]
    return torch.stack(terms).mean()


def kl_loss(log_p, rows, _):
    current, reference = log_p[0, len(rows[0]) - 1], log_p[0, 0].detach()
    return (current.exp() * (current - reference)).sum()


def mlp_out(model):
    return mlp_out_module(blocks(model)[LAYER].mlp).weight


def interventions(model, rows):
    """Logits after adding a pattern at one token of some sites, and after replacing others by it."""

    def change(places, add):
        def hook(site, layer, x):
            if site in places and places[site][0] == layer:
                token = places[site][1]
                value = pattern(x.shape[-1])
                x = x.clone()
                x[:, token] = x[:, token] + value if add else value
            return x

        return hook

    patterns = {}
    forward(model, rows, lambda site, layer, x: patterns.update({site: pattern(x.shape[-1])}) or x)
    return {
        **{f"pattern.{site}": x.numpy() for site, x in patterns.items()},
        "logits_added": without_padding(forward(model, rows, change(ADDED, True)), rows),
        "logits_replaced": without_padding(forward(model, rows, change(REPLACED, False)), rows),
    }


def pattern(width):
    six = torch.tensor([1.0, -2, 3, -1, 2, -3], dtype=torch.float64) / 6
    return six.repeat(width // 6 + 1)[:width]


def greedy(model, row, count):
    """The `count` most likely tokens one after another; refuses a near tie, which no test could decide."""
    ids = list(row)
    for _ in range(count):
        with torch.no_grad():
            best = model(input_ids=torch.tensor([ids])).logits[0, -1].topk(2)
        if best.values[0] - best.values[1] < 1e-3:
            raise ValueError(f"near tie after {ids}: {best.values.tolist()}")
        ids.append(best.indices[0].item())
    return ids[len(row) :]


def compare(reference, rows, arrays):
    """Our float64 transcription must give the same sites and logits."""

    def check(site, layer, x):
        expected = arrays["embed" if site == "embed" else f"{site}.{layer}"]
        close(f"{site}.{layer}", without_padding(x, rows), expected)
        return x

    logits = reference.logits(pad(rows), check)
    close("logits", without_padding(logits, rows), arrays["logits"])


def close(name, actual, expected):
    # transformers keeps GPT-J's rotary table and attention scores in float32
    error = np.abs(actual - expected).max() / np.abs(expected).max()
    if not error < 1e-5:
        raise ValueError(f"{name} differs between transformers and reference.py by {error:.1e}")
