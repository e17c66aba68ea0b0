"""Gradients by every weight of a block, and what changes of any weight make of a model, by `transformers` in float64.

The changes are waves that the tests make again: see `change`.
"""

import os
import re

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch
from transformers import AutoModelForCausalLM

from checkpoints import write_json
from engine import LAYER, PROMPTS, TARGETS, forward, nll_loss, without_padding
from reference import Reference


def make_weights(folder, out):
    reference = Reference.open(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float64).eval()
    rows = [reference.encode(prompt) for prompt in PROMPTS]
    targets = [reference.encode(target) for target in TARGETS]
    parameters = oriented(model)
    arrays = measured(model, rows, targets, parameters)
    arrays |= linear_parts(model, rows, targets, parameters)
    changes = [
        {"weight": name, **change(i, tuple(x.shape))}
        for i, (name, x) in enumerate((n, x) for n, x in parameters.items() if changed(n))
    ]
    with torch.no_grad():
        for entry in changes:
            parameters[entry["weight"]] += torch.from_numpy(delta(**entry))
    after = measured(model, rows, targets, parameters)
    arrays |= {f"changed.{name}": x for name, x in after.items()}
    np.savez_compressed(out / "weights.npz", **{k: x.astype(np.float32) for k, x in arrays.items()})
    write_json(out / "weights.json", {"layer": LAYER, "changes": changes})


def layer_of(name):
    """The layer of a block's parameter or module; None outside the blocks."""
    found = re.search(r"\.(?:h|layers)\.(\d+)\.", f"{name}.")
    return int(found.group(1)) if found else None


def oriented(model):
    """Every parameter once by its name, matrices of the blocks as [inputs, outputs]: views, not copies."""
    linear = model.config.model_type != "gpt2"
    return {
        checkpoint_name(model, name): x.data.T if linear and x.ndim == 2 and layer_of(name) is not None else x.data
        for name, x in model.named_parameters()
    }


def checkpoint_name(model, name):
    """transformers 5 calls NeoX's head otherwise than every checkpoint of it."""
    neox = model.config.model_type == "gpt_neox"
    return "embed_out.weight" if neox and name == "lm_head.weight" else name


def changed(name):
    below = re.search(r"\.0\.att.*\.(c_proj|out_proj|dense)\.weight$", name)
    return layer_of(name) in (None, LAYER) or below is not None


def change(i, shape):
    """By turns factors of rank 2, a dense change, factors of a rank at which W + dW is computed."""
    wave = {"shape": shape, "seed": i}
    if len(shape) == 1:
        return {**wave, "rank": None, "scale": 0.1}
    rank = [2, None, max(3, min(shape) // 2)][i % 3]
    return {**wave, "rank": rank, "scale": 0.05 if rank is None else 0.1}


def delta(shape, seed, rank, scale, **_):
    """In float32, as the tests have it; factors are multiplied in float64."""

    def wave(n, by):
        return np.float32(scale * np.sin(seed + by * np.arange(1, n + 1))).astype(np.float64)

    if rank is None:
        return wave(int(np.prod(shape)), 0.7).reshape(shape)
    return wave(rank * shape[0], 0.7).reshape(rank, -1).T @ wave(rank * shape[1], 1.3).reshape(rank, -1)


def measured(model, rows, targets, parameters):
    """The loss, its gradient by every weight of a block, and log p [rows, vocab] at each prompt's last token."""
    long = [row + target[:-1] for row, target in zip(rows, targets)]
    model.zero_grad()
    log_p = forward(model, long, lambda site, layer, x: x).log_softmax(-1)
    loss = nll_loss(log_p, rows, targets)
    loss.backward()
    linear = model.config.model_type != "gpt2"
    grads = {name: x.grad for name, x in model.named_parameters() if layer_of(name) == LAYER}
    return {
        "loss": np.array(loss.item()),
        "log_p": np.stack([log_p[r, len(row) - 1].detach().numpy() for r, row in enumerate(rows)]),
        **{
            f"gradient.{name}": (g.T if linear and g.ndim == 2 else g).numpy().copy()
            for name, g in grads.items()
        },
    }


def linear_parts(model, rows, targets, parameters):
    """What goes into every linear map of a block, and the gradient of what comes out: [batch, token, width]."""
    long = [row + target[:-1] for row, target in zip(rows, targets)]
    seen, handles = {}, []
    for name, module in model.named_modules():
        weight = getattr(module, "weight", None)
        if layer_of(name) != LAYER or weight is None or weight.ndim != 2:
            continue

        def keep(_, x, y, name=name):
            y.retain_grad()
            seen[name] = (x[0], y)

        handles.append(module.register_forward_hook(keep))
    model.zero_grad()
    nll_loss(forward(model, long, lambda s, l, x: x).log_softmax(-1), rows, targets).backward()
    for handle in handles:
        handle.remove()
    arrays = {}
    for name, (x, y) in seen.items():
        arrays[f"input.{name}.weight"] = without_padding(x, long)
        arrays[f"output.{name}.weight"] = without_padding(y.grad, long)
    return arrays
