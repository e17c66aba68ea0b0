"""Statistics in the compact form (docs/methods.md, section 3), and what its rounding changes.

The diagonal of the sum of k k^T stays in float32; what stands below it becomes correlations in steps of 1/32767.
"""

import numpy as np

ONE = 32767


def pack(total):
    """total [n, n] float64 to the members (diagonal [n] float32, correlation [n (n - 1) / 2] int16)."""
    diagonal = np.diag(total).astype(np.float32)
    roots = np.sqrt(diagonal.astype(np.float64))
    below = np.tril_indices(len(total), -1)
    correlation = total[below] / (roots[below[0]] * roots[below[1]])
    return diagonal, np.rint(ONE * np.clip(correlation, -1, 1)).astype(np.int16)


def unpack(diagonal, correlation):
    """The sum [n, n] that the two members stand for, in float64."""
    roots = np.sqrt(diagonal.astype(np.float64))
    total = np.zeros((len(roots), len(roots)))
    total[np.tril_indices(len(roots), -1)] = correlation / ONE
    total += total.T
    total *= np.outer(roots, roots)
    np.fill_diagonal(total, diagonal)
    return total


def read_moment(path):
    """C = sum / count [n, n] in float64, of a file in the compact form or the authors'."""
    with np.load(path) as file:
        dense = "mom2.mom2" in file.files
        total = file["mom2.mom2"].astype(np.float64) if dense else unpack(file["mom2.diagonal"], file["mom2.correlation"])
        return total / int(file["mom2.count"])


def changes(exact, rounded, keys):
    """The largest relative change of C^-1 k, and of the norm of ROME's change of W, over keys [number, n].

    That norm is in proportion to |C^-1 k| / (k . C^-1 k): a change of rank one that gives W k any wanted value.
    """
    before, after = np.linalg.solve(exact, keys.T), np.linalg.solve(rounded, keys.T)
    norm = lambda x: np.linalg.norm(x, axis=0)
    size = lambda x: norm(x) / (keys.T * x).sum(0)
    return (norm(after - before) / norm(before)).max(), np.abs(size(after) / size(before) - 1).max()
