"""Causal tracing in float64 (METHODS.md 2): every cell is a whole run of one clean and n noisy rows."""

import numpy as np
import torch

from reference import subject_span, unchanged


def sigma(reference, subjects):
    """The unbiased standard deviation of all elements of the subjects' embeddings (METHODS 2.4)."""
    ids = [token for subject in subjects for token in reference.encode(subject)]
    return reference.embedding[ids].std().item()


def trace(reference, request, sigma):
    """A table [token, layer] of p(answer) with that state, or window of modules, restored.

    request: prompt, subject, target (absent: the model's own answer), kind, window, samples, noise,
    replace, seed.
    """
    prompt = reference.encode(request["prompt"])
    answer = answer_ids(reference, prompt, request.get("target"))
    begin, end = subject_span(reference, request["prompt"], request["subject"])
    level, noise = draw(reference, request, sigma, end - begin)
    rows = torch.tensor([prompt + answer[:-1]] * (request["samples"] + 1))

    def score(patches, replace=request["replace"]):
        def hook(site, layer, x):
            x = x.clone()
            if site == "embed":
                x[1:, begin:end] = noise + (0 if replace else x[1:, begin:end])
            for token in patches.get((site, layer), ()):
                x[1:, token] = x[0, token]
            return x

        return probability(reference.log_probabilities(rows, hook)[1:], len(prompt), answer)

    clean = reference.log_probabilities(rows[:1])
    greedy = [clean[0, len(prompt) - 1 + j].argmax().item() for j in range(len(answer))]
    return {
        "request": request,
        "sigma": sigma,
        "noiseLevel": level,
        "tokenIds": prompt,
        "subjectRange": [begin, end],
        "answer": reference.decode(answer),
        "answerIds": answer,
        "correctPrediction": greedy == answer,
        "highScore": probability(clean, len(prompt), answer),
        "lowScore": score({}),
        # the authors compute their low score with added noise also where the noise replaces
        "lowScoreAdded": score({}, replace=False),
        "scores": [
            [score(patches(reference, request, token, layer)) for layer in range(reference.layers)]
            for token in range(len(prompt))
        ],
    }


def answer_ids(reference, prompt, target):
    if target is None:
        return [reference.log_probabilities([prompt], unchanged)[0, -1].argmax().item()]
    return reference.encode(target if target.startswith(" ") else f" {target}")


def probability(log_p, prompt_length, answer):
    """The mean over rows of the joint probability of the answer's tokens (METHODS 2.5 and 8.1)."""
    joint = sum(log_p[:, prompt_length - 1 + j, token] for j, token in enumerate(answer))
    return joint.exp().mean().item()


def draw(reference, request, sigma, tokens):
    """The noise level and the noise [sample, token, dModel] from a fresh RandomState(seed)."""
    random, noise = np.random.RandomState(request["seed"]), request["noise"]
    level = noise["factor"] * sigma if noise["kind"] == "sigma" else noise["level"]
    shape = (request["samples"], tokens, reference.width)
    values = random.uniform(-1, 1, shape) if noise["kind"] == "uniform" else random.randn(*shape)
    return level, torch.from_numpy(level * values)


def patches(reference, request, token, layer):
    """What one cell restores: {(site, layer): [token]}."""
    if request["kind"] == "state":
        return {("hidden", layer): [token]}
    return {
        (request["kind"], j): [token] for j in window(layer, request["window"], reference.layers)
    }


def window(layer, width, layers):
    """METHODS 2.5: [l - floor(w/2), l + ceil(w/2)), cut at the ends."""
    return range(max(0, layer - width // 2), min(layers, layer - (-width // 2)))
