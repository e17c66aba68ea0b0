"""Average causal trace of known facts: `python average_trace.py --corpus corpus.json --model DIR --number 100`.

As Meng et al.: the subject's embeddings get noise of three standard deviations (of the embeddings of all subjects), ten
samples; then a hidden state, or a window of three MLP or attention outputs, is put back at one token. Printed: mean
indirect effect per layer at the subject's last token and at the prompt's last token.
"""

import argparse
import json
import os
import random

import numpy as np
import torch
from tokenizers import Tokenizer

from export import load_shipped
from recall import recall

SAMPLES = 10
WINDOW = 3


def layers_of(kind, layer, count):
    """Layers restored together: one state, or the window around `layer`."""
    if kind == "state":
        return [layer]
    return range(max(0, layer - WINDOW // 2), min(count, layer - (-WINDOW // 2)))


def run(model, embedded, restore=None):
    """Embeddings [B, T, d] to ({kind: [L, B, T, d]}, logits [B, V] at the last token).

    restore: {(layer, kind): (token, value [d])}, put into every row of the batch.
    """
    restore = restore or {}
    width = embedded.shape[1]
    mask = torch.ones(width, width, dtype=torch.bool).tril().view(1, 1, width, width)
    kept = {"state": [], "mlp": [], "attn": []}

    def keep(kind, layer, value):
        if (layer, kind) in restore:
            token, clean = restore[layer, kind]
            value = value.clone()
            value[:, token] = clean
        kept[kind].append(value)
        return value

    x = embedded
    for l, block in enumerate(model.h):
        x = x + keep("attn", l, block.attn(block.ln_1(x), mask))
        x = x + keep("mlp", l, block.mlp(block.ln_2(x)))
        x = keep("state", l, x)
    return kept, model.logits(model.ln_f(x[:, -1]))


def subject_span(tokenizer, prompt, subject):
    """[first, end) of the subject's tokens."""
    start = prompt.index(subject)
    offsets = tokenizer.encode(prompt).offsets
    inside = [i for i, (left, right) in enumerate(offsets) if right > start and left < start + len(subject)]
    return inside[0], inside[-1] + 1


def embedding_std(model, tokenizer, subjects):
    """Standard deviation of all elements of the subjects' token embeddings."""
    ids = [i for subject in subjects for i in tokenizer.encode(subject).ids]
    return model.wte(torch.tensor(ids)).std().item()


@torch.no_grad()
def trace(model, tokenizer, fact, level):
    """{kind: {place: effects [L]}}, clean and corrupted probability of the first answer token."""
    prompt = fact["main"].replace("{}", fact["subject"])
    ids = torch.tensor([tokenizer.encode(prompt).ids])
    begin, end = subject_span(tokenizer, prompt, fact["subject"])
    embedded = model.wte(ids) + model.wpe.weight[: ids.shape[1]]
    clean, logits = run(model, embedded)
    answer = logits[0].argmax()
    high = logits.softmax(-1)[0, answer].item()
    noise = np.random.RandomState(1).randn(SAMPLES, end - begin, embedded.shape[2]) * level
    noisy = embedded.repeat(SAMPLES, 1, 1)
    noisy[:, begin:end] += torch.from_numpy(noise).float()
    score = lambda restore: run(model, noisy, restore)[1].softmax(-1)[:, answer].mean().item()
    low = score({})
    effects = {}
    for kind in ("state", "mlp", "attn"):
        for place, token in (("subject", end - 1), ("last", ids.shape[1] - 1)):
            row = []
            for layer in range(len(model.h)):
                put = {(l, kind): (token, clean[kind][l][0, token]) for l in layers_of(kind, layer, len(model.h))}
                row.append(score(put) - low)
            effects[kind, place] = row
    return effects, high, low


def average(args):
    torch.set_num_threads(args.threads)
    model = load_shipped(args.model)
    tokenizer = Tokenizer.from_file(os.path.join(args.model, "tokenizer.json"))
    with open(args.corpus, encoding="utf-8") as file:
        facts = [f for f in json.load(file)["facts"] if f["group"] == args.group]
    rng = random.Random(1)
    facts = rng.sample(facts, min(len(facts), args.number * 3))
    hits = recall(model, tokenizer, [(f["main"].replace("{}", f["subject"]), f["answer"]) for f in facts])
    known = [f for f, (_, hit) in zip(facts, hits) if hit and not f["main"].endswith("{}")][: args.number]
    level = 3 * embedding_std(model, tokenizer, [f["subject"] for f in known])
    traces = [trace(model, tokenizer, fact, level) for fact in known]
    print(f"facts {len(known)} noise {level:.4f}", end=" ")
    print(f"clean {np.mean([t[1] for t in traces]):.3f} corrupted {np.mean([t[2] for t in traces]):.3f}")
    for key in traces[0][0]:
        mean = np.mean([t[0][key] for t in traces], axis=0)
        print(f"{key[0]:6}{key[1]:8}", " ".join(f"{value:6.3f}" for value in mean))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--number", type=int, default=100)
    parser.add_argument("--group", default="case")
    parser.add_argument("--threads", type=int, default=2)
    average(parser.parse_args())
