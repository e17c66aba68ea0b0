"""The uncentred second moment of an MLP's keys (METHODS.md 3)."""

import numpy as np
import torch


def second_moment(reference, texts, layer):
    """The sum of k kᵀ over every token of every text, [dMlp, dMlp], and the number of tokens."""
    total, count = 0, 0
    for text in texts:
        keys = keys_of(reference, reference.encode(text)[: reference.positions], layer)
        total = total + keys.T @ keys
        count += len(keys)
    return total, count


def keys_of(reference, ids, layer):
    """k [token, dMlp] of one text."""
    kept = {}
    reference.logits([ids], lambda site, at, x: kept.setdefault((site, at), x))
    return kept["key", layer][0]


def write_statistics(path, total, count, samples):
    """In the form of the authors' files: float32 sum, count, sample size, and a constructor to ignore."""
    arrays = {
        "mom2.constructor": np.array("palimpsest test/golden"),
        "mom2.count": np.array(count),
        "mom2.mom2": total.numpy().astype(np.float32),
        "sample_size": np.array(samples),
    }
    np.savez(path, **arrays)


def read_moment(path):
    """C = sum / count [dMlp, dMlp] in float64, of a file in the authors' form or the compact one (METHODS.md 3)."""
    with np.load(path) as file:
        total = file["mom2.mom2"] if "mom2.mom2" in file.files else compact_sum(file)
        return torch.from_numpy(total.astype(np.float64)) / int(file["mom2.count"])


def compact_sum(file):
    """The sum [dMlp, dMlp] that a compact file stands for, rounded to float32 as the engine has it."""
    roots = np.sqrt(file["mom2.diagonal"].astype(np.float64))
    total = np.zeros((len(roots), len(roots)))
    below = np.tril_indices(len(roots), -1)
    total[below] = file["mom2.correlation"] / 32767 * roots[below[0]] * roots[below[1]]
    return (total + total.T + np.diag(roots**2)).astype(np.float32)
