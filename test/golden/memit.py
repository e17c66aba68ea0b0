"""MEMIT in float64 (METHODS.md 5), with contexts and second moments given."""

import numpy as np
import torch

from rome import searched_value, site_at, target_probability


def memit(reference, requests, hyperparameters, contexts, moments):
    """The edit of many facts over several layers, and everything on the way to it.

    requests: prompt with one {}, subject, target. hyperparameters: layers, lambda, steps, learningRate, clamp,
    weightDecay, klFactor. contexts: groups of templates with {}. moments: layer -> C [dMlp, dMlp].
    """
    layers = hyperparameters["layers"]
    found = [target_state(reference, request, hyperparameters, contexts) for request in requests]
    states = torch.stack([state for state, _ in found], 1)
    edited, written, arrays = reference, [], {"z": states}
    for done, layer in enumerate(layers):
        keys = torch.stack([mean_key(edited, r, contexts, layer) for r in requests], 1)
        now = torch.stack(
            [site_at(edited, r["prompt"], r["subject"], "hidden", layers[-1]) for r in requests], 1
        )
        matrix = hyperparameters["lambda"] * moments[layer] + keys @ keys.T
        adj_k = torch.linalg.solve(matrix, keys)
        resid = (states - now) / (len(layers) - done)
        delta = adj_k @ resid.T
        weight = reference.mlp_out(layer)
        written.append({"layer": layer, "relativeNorm": (delta.norm() / weight.norm()).item()})
        arrays |= {f"{layer}.keys": keys, f"{layer}.adj_k": adj_k, f"{layer}.resid": resid}
        edited = edited.with_delta(layer, delta)
    made = {
        "requests": requests,
        "hyperparameters": hyperparameters,
        "contexts": contexts,
        "steps": [steps for _, steps in found],
        "layers": written,
        "probabilityBefore": [target_probability(reference, r) for r in requests],
        "probabilityAfter": [target_probability(edited, r) for r in requests],
    }
    return made, arrays


def write_arrays(path, arrays):
    """An .npz of float64 arrays: z [dModel, fact]; per layer keys and adj_k [dMlp, fact], resid [dModel, fact]."""
    np.savez(path, **{name: array.numpy() for name, array in arrays.items()})


def mean_key(reference, request, contexts, layer):
    """The mean over the groups of the mean over a group's contexts (METHODS 5.3)."""
    means = []
    for group in contexts:
        prompts = [context.replace("{}", request["prompt"], 1) for context in group]
        keys = [site_at(reference, p, request["subject"], "key", layer) for p in prompts]
        means.append(torch.stack(keys).mean(0))
    return torch.stack(means).mean(0)


def target_state(reference, request, hyperparameters, contexts):
    """z, and the loss and norm of every step (METHODS 5.2)."""
    prompts = [c.replace("{}", request["prompt"], 1) for group in contexts for c in group]
    place = ("hidden", hyperparameters["layers"][-1])
    state, steps = searched_value(reference, request, hyperparameters, prompts, place)
    return state, [{"loss": step["loss"], "norm": step["norm"]} for step in steps]
