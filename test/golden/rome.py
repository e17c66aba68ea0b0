"""ROME in float64 (METHODS.md 4), with contexts and second moment given."""

import torch

from reference import pad


def rome(reference, request, hyperparameters, contexts, moment):
    """The rank-one edit u vᵀ of one MLP output matrix, and everything on the way to it.

    request: prompt with one {}, subject, target. hyperparameters: layer, steps, learningRate, clamp,
    weightDecay, klFactor, keyMode ("code" or "r-rome"), covariance ("C" or "I"). contexts: templates with {}.
    moment: C [dMlp, dMlp].
    """
    layer = hyperparameters["layer"]
    prompts = [context.replace("{}", request["prompt"], 1) for context in contexts]
    keys = torch.stack([site_at(reference, p, request["subject"], "key", layer) for p in prompts])
    mean_key = keys.mean(0)
    u = torch.linalg.solve(moment, mean_key) if hyperparameters["covariance"] == "C" else mean_key
    u = u / u.norm()

    value, steps = searched_value(reference, request, hyperparameters, prompts, ("mlp", layer))
    bare_key = site_at(reference, request["prompt"], request["subject"], "key", layer)
    key = mean_key if hyperparameters["keyMode"] == "r-rome" else bare_key
    bias = reference.weights[f"{reference.mlp_out_name(layer)}.bias"]
    weight = reference.mlp_out(layer)
    v = (value - (key @ weight + bias)) / (key @ u)
    delta = torch.outer(u, v)
    edited = reference.with_delta(layer, delta)
    return {
        "request": request,
        "hyperparameters": hyperparameters,
        "contexts": contexts,
        "u": u.tolist(),
        "v": v.tolist(),
        "vStar": value.tolist(),
        "steps": steps,
        "relativeNorm": (delta.norm() / weight.norm()).item(),
        "keyRatio": ((bare_key @ u) / (mean_key @ u)).item(),
        "probabilityBefore": target_probability(reference, request),
        "probabilityAfter": target_probability(edited, request),
    }


def searched_value(reference, request, hyperparameters, prompts, place):
    """v* or z by Adam on a vector added at every row's lookup token (METHODS 4.5, 5.2).

    place: ("mlp", layer) for ROME's v*, ("hidden", layer) for MEMIT's z.
    """
    subject = request["subject"]
    target = target_ids(reference, request)
    prefix = reference.decode(target[:-1]) if len(target) > 1 else ""
    templates = [prompt + prefix for prompt in prompts] + ["{} is a"]
    rows = [reference.encode(template.replace("{}", subject, 1)) for template in templates]
    lookups = [lookup_index(reference, template, subject) for template in templates]
    check_targets(reference, rows[: len(prompts)], target, prompts, subject)
    kept = {}

    def hook(site, at, x):
        if (site, at) == place:
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
        reference_essence = kept.setdefault("essence", essence.detach())
        nll = torch.stack(
            [
                -sum(log_p[r, len(row) - len(target) + j, t] for j, t in enumerate(target))
                for r, row in enumerate(rows[:-1])
            ]
        ) / len(target)
        kl = (essence.exp() * (essence - reference_essence)).sum() * hyperparameters["klFactor"]
        decay = hyperparameters["weightDecay"] * norm(delta) / kept["initial"].norm() ** 2
        loss = nll.mean() + kl + decay
        steps.append(
            {
                "step": step,
                "loss": loss.item(),
                "nll": nll.mean().item(),
                "kl": kl.item(),
                "decay": decay.item(),
                "probability": (-nll).exp().mean().item(),
                "norm": delta.norm().item(),
            }
        )
        if loss < 0.05 or step == last:
            break
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        limit = hyperparameters["clamp"] * kept["initial"].norm()
        if delta.norm() > limit:
            delta.data *= limit / delta.norm()
    return (kept["initial"] + delta).detach(), steps


def norm(x):
    """The Euclidean norm, with gradient 0 at 0."""
    return x.norm() if x.detach().any() else (x * 0).sum()


def target_ids(reference, request):
    target = request["target"]
    return reference.encode(target if target.startswith(" ") else f" {target}")


def lookup_index(reference, template, subject):
    """The subject's last token: lengths of prefix and word, encoded separately (METHODS 4.3)."""
    prefix = template[: template.index("{}")]
    if not prefix:
        return len(reference.encode(subject)) - 1
    if not prefix.endswith(" "):
        raise ValueError(f"the text before {{}} must end with a space: {template}")
    return len(reference.encode(prefix[:-1])) + len(reference.encode(f" {subject.strip()}")) - 1


def site_at(reference, template, subject, site, layer):
    """One site's vector at the lookup token of one template."""
    kept = {}
    ids = reference.encode(template.replace("{}", subject, 1))
    reference.logits([ids], lambda name, at, x: kept.setdefault((name, at), x))
    return kept[site, layer][0, lookup_index(reference, template, subject)].detach()


def check_targets(reference, rows, target, prompts, subject):
    """The row as text must encode like prompt and target apart, or the cases would test the tokenizer."""
    for row, prompt in zip(rows, prompts):
        if row != reference.encode(prompt.replace("{}", subject, 1)) + target[:-1]:
            raise ValueError(f"the target's tokens merge with the prompt: {prompt}")


def target_probability(reference, request):
    """p(whole target | bare prompt)."""
    prompt = reference.encode(request["prompt"].replace("{}", request["subject"], 1))
    target = target_ids(reference, request)
    log_p = reference.log_probabilities([prompt + target[:-1]])[0]
    return sum(log_p[len(prompt) - 1 + j, t] for j, t in enumerate(target)).exp().item()
