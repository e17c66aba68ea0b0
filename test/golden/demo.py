"""The cases on the built-in model, about a fact of public/facts.json that it knows."""

import hashlib
import json

from causal_tracing import sigma, trace
from checkpoints import write_json
from layer_statistics import read_moment
from memit import memit, write_arrays
from reference import Reference
from rome import rome, target_probability

CONTEXTS = [
    "{}",
    "The next day. {}",
    "In the news. {}",
    "It is said that. {}",
    "According to the book. {}",
    "Many people ask about it. {}",
    "The first of them was built in. {}",
    "He was born there and works as a. {}",
    "She lives in the north of the country and. {}",
]
ROME = {
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
MEMIT = {
    "layers": [0, 2, 3],
    "lambda": 100,
    "steps": 20,
    "learningRate": 0.5,
    "clamp": 4,
    "weightDecay": 0.5,
    "klFactor": 0.0625,
    "factToken": "subject_last",
}


def make_demo(folder, facts, out):
    reference = Reference.open(folder)
    weights = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    subjects = [fact["subject"] for fact in facts[:100]]
    level = sigma(reference, subjects)
    fact = next(fact for fact in facts if knows(reference, fact))

    request = {
        "prompt": fact["prompt"].replace("{}", fact["subject"]),
        "subject": fact["subject"],
        "target": fact["target"],
        "window": 3,
        "samples": 10,
        "noise": {"kind": "sigma", "factor": 3},
        "replace": False,
        "seed": 1,
    }
    traces = {
        kind: trace(reference, {**request, "kind": kind}, level) for kind in ("state", "mlp", "attn")
    }
    common = {"weightsSha256": weights}
    content = {**common, "sigmaSubjects": subjects, "sigma": level, "traces": traces}
    write_json(out / "trace.json", content)

    edit = {"prompt": fact["prompt"], "subject": fact["subject"], "target": fact["newTargets"][0]}
    layer, statistics = shipped_statistics(folder)
    moment = read_moment(statistics)
    made = rome(reference, edit, {"layer": layer, **ROME}, CONTEXTS, moment)
    write_json(out / "rome.json", {**common, "edit": made})

    known = [fact for fact in facts if knows(reference, fact)][:4]
    requests = [
        {"prompt": f["prompt"], "subject": f["subject"], "target": f["newTargets"][0]} for f in known
    ]
    moments = {layer: read_moment(file) for layer, file in statistics_files(folder).items()}
    mass, arrays = memit(reference, requests, MEMIT, [CONTEXTS[:1], CONTEXTS[1:6]], moments)
    write_arrays(out / "memit.npz", arrays)
    write_json(out / "memit.json", {**common, "edit": {**mass, "arrays": "memit.npz"}})


def shipped_statistics(folder):
    """The lowest layer whose second moment lies beside the weights, and that file."""
    return min(statistics_files(folder).items())


def statistics_files(folder):
    """Layer -> the file with its second moment."""
    files = folder.glob("stats/transformer.h.*.mlp.c_proj_*_mom2*.npz")
    layers = {int(file.name.split(".")[2]): file for file in files}
    if not layers:
        raise FileNotFoundError(f"no second moments in the folders of {folder}")
    return layers


def knows(reference, fact):
    """Whether the whole target is more likely than everything else together."""
    return target_probability(reference, fact) > 0.5


def read_facts(path):
    return json.loads(path.read_text())["facts"]
