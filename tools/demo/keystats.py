"""Second moments of the MLP keys: `python keystats.py --corpus corpus.json --model DIR --documents 8000`.

For every layer the sum of k k^T over all tokens of the training documents, in the compact form, under DIR/stats. Prints
tokens, condition numbers, and what the rounding changes at most for the keys of 200 subjects.
"""

import argparse
import json
import os
import random

import numpy as np
import torch
from tokenizers import Tokenizer

from batches import Documents
from compact import changes, pack, unpack
from export import load_shipped
from torch.nn import functional as F


def sample(corpus, tokenizer, number):
    """Token lists of `number` documents."""
    documents, found = Documents(corpus, tokenizer, 7), []
    while len(found) < number:
        found += [ids for ids, _, _ in documents.epoch(64)]
    return sorted(found[:number], key=len)


@torch.no_grad()
def moments(model, documents, batch=64):
    """(sums [layers, f, f] float64, tokens counted)."""
    width, layers = model.config["n_inner"], model.config["n_layer"]
    sums, count = torch.zeros(layers, width, width, dtype=torch.float64), 0
    for first in range(0, len(documents), batch):
        group = documents[first : first + batch]
        longest = max(map(len, group))
        ids = torch.tensor([d + [0] * (longest - len(d)) for d in group])
        real = torch.arange(longest) < torch.tensor([len(d) for d in group])[:, None]
        count += int(real.sum())
        x = model.wte(ids) + model.wpe.weight[:longest]
        mask = torch.ones(longest, longest, dtype=torch.bool).tril().view(1, 1, longest, longest)
        for layer in range(layers):
            block = model.h[layer]
            x = x + block.attn(block.ln_1(x), mask)
            keys = F.gelu(block.mlp.c_fc(block.ln_2(x)), approximate="tanh")
            chosen = keys[real]
            sums[layer] += (chosen.t() @ chosen).double()
            x = x + block.mlp.c_proj(keys)
    return sums, count


@torch.no_grad()
def subject_keys(model, tokenizer, subjects):
    """[layers, subjects, f] float64: the keys at the last token of each subject alone."""
    found = []
    for subject in subjects:
        ids = torch.tensor([tokenizer.encode(subject).ids])
        width = ids.shape[1]
        mask = torch.ones(width, width, dtype=torch.bool).tril().view(1, 1, width, width)
        x, keys = model.wte(ids) + model.wpe.weight[:width], []
        for block in model.h:
            x = x + block.attn(block.ln_1(x), mask)
            keys.append(F.gelu(block.mlp.c_fc(block.ln_2(x)), approximate="tanh"))
            x = x + block.mlp.c_proj(keys[-1])
        found.append(torch.stack([key[0, -1] for key in keys]))
    return torch.stack(found, 1).double().numpy()


def save(folder, layer, total, count, documents):
    """One npz in the compact form; returns its name and the sum that it stands for."""
    os.makedirs(folder, exist_ok=True)
    name = f"transformer.h.{layer}.mlp.c_proj_int16_mom2_{documents}.npz"
    diagonal, correlation = pack(total)
    members = {
        "mom2.count": np.array(count),
        "mom2.diagonal": diagonal,
        "mom2.correlation": correlation,
        "sample_size": np.array(documents),
    }
    np.savez(os.path.join(folder, name), **members)
    return name, unpack(diagonal, correlation)


def main(args):
    torch.set_num_threads(args.threads)
    model = load_shipped(args.model)
    tokenizer = Tokenizer.from_file(os.path.join(args.model, "tokenizer.json"))
    with open(args.corpus, encoding="utf-8") as file:
        corpus = json.load(file)
    sums, count = moments(model, sample(corpus, tokenizer, args.documents))
    subjects = sorted({fact["subject"] for fact in corpus["facts"] if fact["group"] == "case"})
    keys = subject_keys(model, tokenizer, random.Random(1).sample(subjects, 200))
    for layer, total in enumerate(sums.numpy()):
        name, rounded = save(os.path.join(args.model, "stats"), layer, total, count, args.documents)
        values = np.linalg.eigvalsh(rounded / count)
        direction, norm = changes(total, rounded, keys[layer])
        print(f"{name}: tokens {count}, condition {values[-1] / values[0]:.3g}, trace {values.sum():.4g}", end=", ")
        print(f"C^-1 k changed by {direction:.2g}, |dW| by {norm:.2g}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--documents", type=int, default=8000)
    parser.add_argument("--threads", type=int, default=2)
    main(parser.parse_args())
