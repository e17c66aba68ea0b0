"""Second moments of the MLP keys: `python keystats.py --corpus corpus.json --model DIR --documents 8000`.

For layers 0 to 4 the sum of k k^T over all tokens of the training documents, in the authors' npz form, under DIR/stats.
Prints tokens and condition numbers.
"""

import argparse
import json
import os

import numpy as np
import torch
from tokenizers import Tokenizer

from batches import Documents
from export import load_shipped
from torch.nn import functional as F

LAYERS = 5


def sample(corpus, tokenizer, number):
    """Token lists of `number` documents."""
    documents, found = Documents(corpus, tokenizer, 7), []
    while len(found) < number:
        found += [ids for ids, _, _ in documents.epoch(64)]
    return sorted(found[:number], key=len)


@torch.no_grad()
def moments(model, documents, batch=64):
    """(sums [LAYERS, f, f] float64, tokens counted)."""
    width = model.config["n_embd"] * 4
    sums, count = torch.zeros(LAYERS, width, width, dtype=torch.float64), 0
    for first in range(0, len(documents), batch):
        group = documents[first : first + batch]
        longest = max(map(len, group))
        ids = torch.tensor([d + [0] * (longest - len(d)) for d in group])
        real = torch.arange(longest) < torch.tensor([len(d) for d in group])[:, None]
        count += int(real.sum())
        x = model.wte(ids) + model.wpe.weight[:longest]
        mask = torch.ones(longest, longest, dtype=torch.bool).tril().view(1, 1, longest, longest)
        for layer in range(LAYERS):
            block = model.h[layer]
            x = x + block.attn(block.ln_1(x), mask)
            keys = F.gelu(block.mlp.c_fc(block.ln_2(x)), approximate="tanh")
            chosen = keys[real]
            sums[layer] += (chosen.t() @ chosen).double()
            x = x + block.mlp.c_proj(keys)
    return sums, count


def save(folder, layer, total, count, documents):
    """One npz with the members of the authors' layer statistics."""
    os.makedirs(folder, exist_ok=True)
    name = f"transformer.h.{layer}.mlp.c_proj_float32_mom2_{documents}.npz"
    members = {
        "mom2.constructor": np.array("util.runningstats.SecondMoment"),
        "mom2.count": np.array(count),
        "mom2.mom2": total.float().numpy(),
        "sample_size": np.array(documents),
    }
    np.savez(os.path.join(folder, name), **members)
    return name


def main(args):
    torch.set_num_threads(args.threads)
    model = load_shipped(args.model)
    tokenizer = Tokenizer.from_file(os.path.join(args.model, "tokenizer.json"))
    with open(args.corpus, encoding="utf-8") as file:
        documents = sample(json.load(file), tokenizer, args.documents)
    sums, count = moments(model, documents)
    for layer in range(LAYERS):
        name = save(os.path.join(args.model, "stats"), layer, sums[layer], count, args.documents)
        values = torch.linalg.eigvalsh(sums[layer] / count)
        print(f"{name}: tokens {count}, condition {values[-1] / values[0]:.3g}, trace {values.sum():.4g}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--documents", type=int, default=8000)
    parser.add_argument("--threads", type=int, default=2)
    main(parser.parse_args())
