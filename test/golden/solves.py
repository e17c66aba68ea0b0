"""Makes numbers/solves.json: (λC + KKᵀ)⁻¹K and C⁻¹k by float64 LAPACK.

`python test/golden/solves.py`; needs NumPy only. C is a float32 second moment whose spectrum falls geometrically, so that
the condition number of the system is about the one named.
"""

import json
from pathlib import Path

import numpy as np

N, COLUMNS, TOKENS, WEIGHT = 37, 5, 4000, 20.0


def second_moment(random, condition):
    """Σ k kᵀ [n, n] over TOKENS keys, rounded to float32: its eigenvalues fall from TOKENS to TOKENS / condition."""
    basis, _ = np.linalg.qr(random.standard_normal((N, N)))
    values = TOKENS * condition ** (-np.arange(N) / (N - 1))
    return ((basis * values) @ basis.T).astype(np.float32)


def system(seed, condition):
    random = np.random.RandomState(seed)
    total = second_moment(random, condition)
    total = np.tril(total) + np.tril(total, -1).T
    keys = random.standard_normal((N, COLUMNS)) * np.sqrt(WEIGHT / N)
    moment = total.astype(np.float64) / TOKENS
    matrix = WEIGHT * moment + keys @ keys.T
    values = np.linalg.eigvalsh(moment)
    return {
        "n": N,
        "columns": COLUMNS,
        "count": TOKENS,
        "weight": WEIGHT,
        "sum": [float(x) for x in total[np.tril_indices(N)]],
        "keys": keys.ravel().tolist(),
        "inverseKeys": np.linalg.solve(moment, keys).ravel().tolist(),
        "solved": np.linalg.solve(matrix, keys).ravel().tolist(),
        "factor": np.linalg.cholesky(moment)[np.tril_indices(N)].tolist(),
        "condition": float(np.linalg.cond(moment)),
        "conditionOfSystem": float(np.linalg.cond(matrix)),
        "effectiveRank": float(values.sum() ** 2 / (values**2).sum()),
    }


if __name__ == "__main__":
    out = Path(__file__).parent / "numbers" / "solves.json"
    systems = [system(seed, condition) for seed, condition in enumerate([1e2, 1e4, 1e6])]
    out.write_text(json.dumps(systems, indent=0) + "\n")
