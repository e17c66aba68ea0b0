"""Scores of one case (METHODS.md 7.2 to 7.4), by the definitions."""

import math
import re
from collections import Counter


def score_case(reference, case):
    """Mean NLLs of the new and the true target per prompt; successes, magnitudes, harmonic mean."""
    prompts = {
        "rewrite": [case["prompt"].replace("{}", case["subject"], 1)],
        "paraphrase": case["paraphrases"],
        "neighbourhood": case["neighbours"],
    }
    nlls = {
        kind: [
            {"new": mean_nll(reference, p, case["targetNew"]),
             "true": mean_nll(reference, p, case["targetTrue"])}
            for p in texts
        ]
        for kind, texts in prompts.items()
    }  # fmt: skip
    success = {kind: mean(win(kind, x) for x in rows) for kind, rows in nlls.items()}
    magnitude = {kind: mean(margin(kind, x) for x in rows) for kind, rows in nlls.items()}
    return {
        "nll": nlls,
        "ES": success["rewrite"],
        "PS": success["paraphrase"],
        "NS": success["neighbourhood"],
        "EM": magnitude["rewrite"],
        "PM": magnitude["paraphrase"],
        "NM": magnitude["neighbourhood"],
        "score": harmonic(list(success.values())),
    }


def mean_nll(reference, prefix, target):
    """The mean over the target's tokens of −log p, the prefix's length being that of its own encoding."""
    begin, ids = len(reference.encode(prefix)), reference.encode(f" {target}")
    log_p = reference.log_probabilities([reference.encode(f"{prefix} {target}")])[0]
    return -sum(log_p[begin + j - 1, token].item() for j, token in enumerate(ids)) / len(ids)


def win(kind, x):
    return float(x["true"] < x["new"] if kind == "neighbourhood" else x["true"] > x["new"])


def margin(kind, x):
    difference = math.exp(-x["new"]) - math.exp(-x["true"])
    return -difference if kind == "neighbourhood" else difference


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def harmonic(values):
    return len(values) / sum(1 / x for x in values) if all(values) else 0.0


def n_gram_entropy(text):
    """(⅔ H₂ + 4/3 H₃) / 2 in bits, over words and punctuation marks."""
    words = re.findall(r"\w+|[^\w\s]", text)
    return (2 / 3 * entropy(words, 2) + 4 / 3 * entropy(words, 3)) / 2


def entropy(words, n):
    counts = Counter(zip(*(words[i:] for i in range(n)))).values()
    return -sum(c / sum(counts) * math.log2(c / sum(counts)) for c in counts)
