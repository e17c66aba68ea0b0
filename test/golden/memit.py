"""MEMIT in float64 (METHODS.md 5), with contexts and second moments given."""

import numpy as np
import torch

from reference import pad
from rome import check_targets, lookup_index, norm, site_at, target_ids, target_probability


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
    """z by Adam on a vector added to the last layer's output at every row's lookup token (METHODS 5.2)."""
    layer, subject = hyperparameters["layers"][-1], request["subject"]
    target = target_ids(reference, request)
    prefix = reference.decode(target[:-1]) if len(target) > 1 else ""
    flat = [context for group in contexts for context in group]
    prompts = [context.replace("{}", request["prompt"], 1) for context in flat]
    templates = [prompt + prefix for prompt in prompts] + ["{} is a"]
    rows = [reference.encode(template.replace("{}", subject, 1)) for template in templates]
    lookups = [lookup_index(reference, template, subject) for template in templates]
    check_targets(reference, rows[: len(prompts)], target, prompts, subject)
    kept = {}

    def hook(site, at, x):
        if site == "hidden" and at == layer:
            kept.setdefault("initial", x[0, lookups[0]].detach())
            x = x.clone()
            for row, token in enumerate(lookups):
                x[row, token] = x[row, token] + delta
        return x

    delta = torch.zeros(reference.width, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([delta], lr=hyperparameters["learningRate"])
    steps, last = [], hyperparameters["steps"] - 1
    for step in range(hyperparameters["steps"]):
        log_p = reference.log_probabilities(pad(rows), hook)
        essence = log_p[-1, lookups[-1]]
        before = kept.setdefault("essence", essence.detach())
        nll = torch.stack(
            [
                -sum(log_p[r, len(row) - len(target) + j, t] for j, t in enumerate(target))
                for r, row in enumerate(rows[:-1])
            ]
        ) / len(target)
        kl = (essence.exp() * (essence - before)).sum() * hyperparameters["klFactor"]
        decay = hyperparameters["weightDecay"] * norm(delta) / kept["initial"].norm() ** 2
        loss = nll.mean() + kl + decay
        steps.append({"loss": loss.item(), "norm": delta.norm().item()})
        if loss < 0.05 or step == last:
            break
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        limit = hyperparameters["clamp"] * kept["initial"].norm()
        if delta.norm() > limit:
            delta.data *= limit / delta.norm()
    return (kept["initial"] + delta).detach(), steps
