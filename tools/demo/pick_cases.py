"""Known CounterFact cases in random order, for `palimpsest study`.

`python pick_cases.py --counterfact DIR --known known.json --out cases.json [--answerable]`: with --answerable only those
whose new target is the right answer of another known case with the same prompt template.
"""

import argparse
import collections
import json
import pathlib
import random


def known_cases(folder, known):
    """The known cases of EasyEdit's compact files, in the order of the files."""
    parts = [json.loads((folder / f"counterfact-{name}.json").read_text()) for name in ("edit", "train", "val")]
    return [case for part in parts for case in part if case["case_id"] in known]


def template(case):
    return case["prompt"].replace(case["subject"], "{}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--counterfact", type=pathlib.Path, required=True)
    parser.add_argument("--known", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--answerable", action="store_true")
    args = parser.parse_args()
    cases = known_cases(args.counterfact, set(json.loads(args.known.read_text())))
    answers = collections.defaultdict(set)
    for case in cases:
        answers[template(case)].add(case["ground_truth"])
    if args.answerable:
        cases = [case for case in cases if case["target_new"] in answers[template(case)]]
    random.Random(1).shuffle(cases)
    args.out.write_text(json.dumps(cases))


if __name__ == "__main__":
    main()
