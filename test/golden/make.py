"""Makes the golden numbers.

`python test/golden/make.py` makes all that needs nothing but this folder.
`python test/golden/make.py demo` makes those of the built-in model in public/models/demo.
"""

import sys
from pathlib import Path

import torch

HERE = Path(__file__).parent


def tiny():
    from checkpoints import TINY, make_checkpoints
    from engine import make_engine
    from tiny import make_methods
    from weights import make_weights

    torch.set_num_threads(1)  # the sums then have one order, and tiny sizes gain nothing from more
    corpus = (HERE / "corpus.txt").read_text().splitlines()
    make_checkpoints(HERE / "checkpoints", corpus)
    for name in TINY:
        folder, out = HERE / "checkpoints" / name, HERE / "numbers" / name
        out.mkdir(parents=True, exist_ok=True)
        make_engine(folder, out)
        make_methods(folder, out, corpus)
        make_weights(folder, out)


def demo():
    from demo import make_demo, read_facts
    from facts import make_facts

    public = HERE.parents[1] / "public"
    out = HERE / "numbers" / "demo"
    out.mkdir(parents=True, exist_ok=True)
    folder = public / "models" / "demo"
    make_demo(folder, read_facts(public / "facts.json"), out)
    make_facts(folder, out)


if __name__ == "__main__":
    parts = {(): tiny, ("demo",): demo}
    arguments = tuple(sys.argv[1:])
    if arguments not in parts:
        sys.exit(f"unknown argument: {' '.join(arguments)}\n\n{__doc__}")
    parts[arguments]()
