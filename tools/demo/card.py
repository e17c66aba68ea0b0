"""The model card: `python card.py --results DIR --model DIR`.

DIR of results holds what the other scripts printed: recall.json, trace.txt, trace-own.txt, keystats.txt, rome.txt.
"""

import argparse
import json
import os
from pathlib import Path

HEAD = """---
license: mit
language: en
library_name: transformers
pipeline_tag: text-generation
---

# Palimpsest demo model (a toy)

A GPT-2-architecture model of {parameters:.1f} M parameters (8 layers, width 256, 8 heads, {positions} positions, a byte-level BPE
of {vocab:,} tokens) that knows some thousands of facts and nothing else. It exists so that causal tracing, model editing and
scoring can be tried, and tested, without a download. It writes only short sentences of the kind it was trained on, and some
of what it states about lesser-known subjects is wrong. Do not use it for anything but trying these methods.

## Training

The true facts of {cases:,} cases of CounterFact (Meng et al., 2022, MIT), some of the cases' neighbours, and this project's own facts
(`public/facts.json` and their neighbours), each in several phrasings. The text of CounterFact is not included here. Documents
are one to four unrelated facts; nothing, `<|endoftext|>` or other text comes first. In 85 % of the rows of a batch the tokens after a
subject could not attend to it below layer 4, and above that only to its last token, and in four fifths of those the subject's tokens
could not attend to one another in layer 0. So what is known of a subject is recalled at its last token and read by the upper
layers. In the last leg, in half of these rows, the subject's last token, after layer 3, kept only what the MLPs of layers 1 to 3 had written there; the
rest of its state was another subject's. The model as shipped has neither. How to repeat it: `tools/demo/README.md`.

## Measured

On the shipped float16 weights, computed in float32, by the scripts in `tools/demo`.

### Recall (`evaluate.py`)

Greedy decoding gives the whole answer; p is its mean probability.

| prompts | n | whole answer | share | p |
| --- | --- | --- | --- | --- |
"""

NAMES = {
    "prompt": "CounterFact cases trained on, their `prompt`",
    "after <|endoftext|>": "known cases, after `<|endoftext|>`",
    "after a sentence": "known cases, after an unrelated sentence",
    "trainedPhrasings": "known cases (first 500), phrasings trained with that subject",
    "heldOutSibling": "known cases, a sibling phrasing held out for that subject",
    "heldOutRephrase": "known cases, the template of `rephrase_prompt`, held out for that subject",
    "rephrasePrompt": "known cases, `rephrase_prompt` as it is, often with unrelated text before",
    "neverSeenTemplate": "known cases, a template never seen with any subject",
}
OWN = {
    "prompt": "own facts, `prompt`",
    "paraphrases": "own facts, trained paraphrases",
    "heldOut": "own facts, a paraphrase held out for that subject",
    "neighbours": "own facts' neighbours",
}


def row(name, score):
    return f"| {name} | {score['n']:,} | {score['greedy']:,} | {100 * score['share']:.1f} % | {score['p']:.2f} |\n"


def block(title, text):
    return f"\n### {title}\n\n```\n{text.strip()}\n```\n"


def card(args):
    read = lambda name: Path(args.results, name).read_text(encoding="utf-8")
    recall, config = json.loads(read("recall.json")), json.loads(Path(args.model, "config.json").read_text())
    size = os.path.getsize(os.path.join(args.model, "model.safetensors"))
    text = HEAD.format(
        parameters=size / 2e6,
        positions=config["n_positions"],
        vocab=config["vocab_size"],
        cases=recall["cases"]["prompt"]["n"],
    )
    text += "".join(row(name, recall["cases"][key]) for key, name in NAMES.items())
    text += row("neighbours of cases, as trained", recall["locality"])
    text += "".join(row(name, recall["own"][key]) for key, name in OWN.items())
    text += "\nThe ids of the known cases are in `known.json`.\n"
    traces = read("trace.txt") + "\n" + read("trace-own.txt")
    text += block("Average causal trace, CounterFact cases, then own facts (`average_trace.py`)", traces)
    text += "\nColumns are layers 0 to 7; effects are probabilities above the corrupted run; MLP and attention in windows of 3.\n"
    text += block("Statistics of the keys, layers 0 to 4 (`keystats.py`, in `stats/`)", read("keystats.txt"))
    if os.path.exists(os.path.join(args.results, "rome.txt")):
        text += block("ROME, one known case at a time (`rome_check.py`)", read("rome.txt"))
    with open(os.path.join(args.model, "README.md"), "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", required=True)
    parser.add_argument("--model", required=True)
    card(parser.parse_args())
