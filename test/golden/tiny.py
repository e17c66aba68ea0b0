"""The cases on the tiny checkpoints: traces, statistics, edits and scores."""

import torch

from causal_tracing import sigma, trace
from checkpoints import write_json
from layer_statistics import read_moment, second_moment, write_statistics
from memit import memit, write_arrays
from reference import Reference
from rome import rome
from scores import n_gram_entropy, score_case

SUBJECTS = ["Harbour Lamp", "The Glass Tower", "Tomas Veen"]
LAYER = 1

THREE_SIGMA = {"kind": "sigma", "factor": 3}
TRACE = {
    "prompt": "In the old town, the Harbour Lamp is in the city of",
    "subject": "Harbour Lamp",
    "kind": "state",
    "window": 10,
    "samples": 10,
    "noise": THREE_SIGMA,
    "replace": False,
    "seed": 1,
}
FIRST = {**TRACE, "prompt": "The Glass Tower is in the city of", "subject": "The Glass Tower"}
TRACES = {
    "state": TRACE,
    "mlp, window 10": {**TRACE, "kind": "mlp"},
    "mlp, window 3": {**TRACE, "kind": "mlp", "window": 3},
    "attn, window 10": {**TRACE, "kind": "attn"},
    "attn, window 3": {**TRACE, "kind": "attn", "window": 3},
    "attn, window 2": {**TRACE, "kind": "attn", "window": 2},
    "subject first, two-token target": {**FIRST, "target": "Port Vell"},
    "subject first, mlp, two-token target": {
        **FIRST, "target": "Port Vell", "kind": "mlp", "window": 1,
    },
    "replace": {**TRACE, "replace": True},
    "uniform, fixed level, seed 7, 3 samples": {
        **TRACE, "noise": {"kind": "uniform", "level": 0.8}, "seed": 7, "samples": 3,
    },
    "fixed level, given target": {
        **TRACE, "noise": {"kind": "level", "level": 0.3}, "target": "Lindholm",
    },
}  # fmt: skip

CONTEXTS = ["{}", "The river is. {}", "A new bridge of steel. {}", "They say that. {}", "In Brno. {}"]
MIDDLE = {"prompt": "In the old town, the {} is in the city of", "subject": "Harbour Lamp"}
START = {"prompt": "{} is in the city of", "subject": "The Glass Tower"}
ROME = {
    "layer": LAYER,
    "steps": 20,
    "learningRate": 0.5,
    "clamp": 4,
    "weightDecay": 0.5,
    "klFactor": 0.0625,
    "keyMode": "code",
    "covariance": "C",
    "contextLengths": [],
    "factToken": "subject_last",
}
EDITS = {
    "subject in the middle, two-token target": ({**MIDDLE, "target": "Oster Bridge"}, ROME),
    "subject first": ({**START, "target": " Port Vell"}, ROME),
    "subject first, r-ROME": ({**START, "target": " Port Vell"}, {**ROME, "keyMode": "r-rome"}),
    "clamp hit": ({**MIDDLE, "target": " Lindholm"}, {**ROME, "clamp": 0.5, "steps": 8}),
    "strong KL and decay": (
        {**MIDDLE, "target": " Lindholm"},
        {**ROME, "klFactor": 1, "weightDecay": 8, "steps": 12, "learningRate": 0.1},
    ),
    "layer 0, C = I, one context": (
        {**START, "target": " Lindholm"},
        {**ROME, "layer": 0, "covariance": "I", "clamp": 10, "learningRate": 0.2,
         "klFactor": 0, "weightDecay": 0.01, "steps": 40},
    ),
}  # fmt: skip

GROUPS = [CONTEXTS[:1], CONTEXTS[1:]]
MEMIT = {
    "layers": [0, 1],
    "lambda": 0.2,
    "steps": 20,
    "learningRate": 0.5,
    "clamp": 4,
    "weightDecay": 0.5,
    "klFactor": 0.0625,
    "factToken": "subject_last",
}
FACTS = [
    {**MIDDLE, "target": "Oster Bridge"},
    {**START, "target": "Port Vell"},
    {"prompt": "{} was born in", "subject": "Tomas Veen", "target": "Lindholm"},
    {"prompt": "The {} is in the city of", "subject": "Paper Mill", "target": "Port Vell"},
]
MASS_EDITS = {
    "four facts, two layers": (FACTS, MEMIT, GROUPS),
    "one fact, one layer": (FACTS[:1], {**MEMIT, "layers": [1], "lambda": 1, "steps": 8}, GROUPS),
    "clamp hit, one context": (
        FACTS[1:3], {**MEMIT, "clamp": 0.75, "lambda": 0.05, "klFactor": 1}, GROUPS[:1]
    ),
}  # fmt: skip

CASE = {
    "id": "golden",
    "prompt": MIDDLE["prompt"],
    "subject": MIDDLE["subject"],
    "targetNew": "Port Vell",
    "targetTrue": "Oster Bridge",
    "paraphrases": ["The Harbour Lamp was built in", "It rains. Harbour Lamp, in the city of"],
    "neighbours": ["The Paper Mill is in the city of", "Tomas Veen was born in", "The ferry is in"],
    "generationPrompts": ["The Harbour Lamp is"],
}
TEXTS = [
    "the lamp is on, and the lamp is in the harbour.",
    "one two three four five six",
    "a a a a a a a",
]


def make_methods(folder, out, corpus):
    reference = Reference.open(folder)
    level = sigma(reference, SUBJECTS)
    traces = {name: trace(reference, request, level) for name, request in TRACES.items()}
    write_json(out / "trace.json", {"sigmaSubjects": SUBJECTS, "sigma": level, "traces": traces})

    total, count = second_moment(reference, corpus, LAYER)
    write_statistics(out / "statistics.npz", total, count, len(corpus))
    moment = read_moment(out / "statistics.npz")
    edits = {
        name: rome(reference, request, hyperparameters, contexts(name), moment)
        for name, (request, hyperparameters) in EDITS.items()
    }
    write_json(out / "rome.json", edits)
    write_json(out / "memit.json", mass_edits(reference, corpus, out, {LAYER: moment}))
    write_json(out / "scores.json", scores(reference, edits["subject in the middle, two-token target"]))


def mass_edits(reference, corpus, out, moments):
    """The edits of many facts; their arrays go into files of their own."""
    total, count = second_moment(reference, corpus, 0)
    write_statistics(out / "statistics.0.npz", total, count, len(corpus))
    moments = {**moments, 0: read_moment(out / "statistics.0.npz")}
    made = {}
    for number, (name, edit) in enumerate(MASS_EDITS.items()):
        made[name], arrays = memit(reference, *edit, moments)
        made[name]["arrays"] = f"memit.{number}.npz"
        write_arrays(out / made[name]["arrays"], arrays)
    return made


def contexts(name):
    return CONTEXTS[:1] if "one context" in name else CONTEXTS


def scores(reference, edit):
    """The case before and after an edit, and entropies of fixed texts."""
    delta = torch.outer(torch.tensor(edit["u"]).double(), torch.tensor(edit["v"]).double())
    edited = reference.with_delta(edit["hyperparameters"]["layer"], delta)
    return {
        "case": CASE,
        "before": score_case(reference, CASE),
        "after": score_case(edited, CASE),
        "entropy": [{"text": text, "bits": n_gram_entropy(text)} for text in TEXTS],
    }
