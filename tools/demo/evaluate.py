"""What the shipped model recalls: `python evaluate.py --corpus corpus.json --model DIR [--facts facts.json]`.

Prints one JSON object. With --facts, fills in `recall` there and writes DIR/known.json, the ids of the known cases.
"""

import argparse
import json
import os
import random

import torch
from tokenizers import Tokenizer

from export import load_shipped
from recall import recall


def fill(template, fact):
    return template.replace("{}", fact["subject"])


def share(results):
    """{n, greedy share, mean probability} of recall results."""
    n = max(1, len(results))
    greedy = sum(hit for _, hit in results)
    return {
        "n": len(results),
        "greedy": greedy,
        "share": round(greedy / n, 4),
        "p": round(sum(p for p, _ in results) / n, 4),
    }


def measure_cases(run, cases, filler, rng):
    """Recall of CounterFact cases on their prompts, after other text, and on phrasings held out; and the known cases."""
    results = run([(fill(f["main"], f), f["answer"]) for f in cases])
    known = [f for f, (_, hit) in zip(cases, results) if hit]
    ask = lambda pairs: share(run(pairs))
    scores = {
        "prompt": share(results),
        "after <|endoftext|>": ask([("<|endoftext|>" + fill(f["main"], f), f["answer"]) for f in known]),
        "after a sentence": ask([(f"{rng.choice(filler)} {fill(f['main'], f)}", f["answer"]) for f in known]),
        "heldOutSibling": ask([(fill(t, f), f["answer"]) for f in known for t in f["heldout"]]),
        "heldOutRephrase": ask([(fill(f["rephrase"], f), f["answer"]) for f in known]),
        "rephrasePrompt": ask([(f["rephrasePrompt"], f["answer"]) for f in known]),
        "neverSeenTemplate": ask([(fill(t, f), f["answer"]) for f in known for t in f["never"]]),
        "trainedPhrasings": ask([(fill(t, f), f["answer"]) for f in known[:500] for t in f["train"]]),
    }
    return scores, known


def measure_own(run, facts):
    """Fill in each fact's `recall` and summarise."""
    phrase = lambda fact, template: (fill(template, fact), fact["target"])
    main = run([phrase(f, f["prompt"]) for f in facts])
    others = run([phrase(f, t) for f in facts for t in f["paraphrases"]])
    near = run([(prompt, f["target"]) for f in facts for prompt in f["neighbours"]])
    trained, held, at = [], [], 0
    for fact, (p, hit) in zip(facts, main):
        mine = others[at : at + len(fact["paraphrases"])]
        at += len(mine)
        fact["recall"] = {
            "prompt": round(p, 4),
            "greedy": hit,
            "paraphrases": [{"prompt": round(q, 4), "greedy": h} for q, h in mine],
        }
        for i, result in enumerate(mine):
            (held if i in fact["heldOut"] else trained).append(result)
    return {"prompt": share(main), "paraphrases": share(trained), "heldOut": share(held), "neighbours": share(near)}


def evaluate(args):
    rng = random.Random(1)
    torch.set_num_threads(args.threads)
    model = load_shipped(args.model)
    tokenizer = Tokenizer.from_file(os.path.join(args.model, "tokenizer.json"))
    run = lambda pairs: recall(model, tokenizer, pairs)
    with open(args.corpus, encoding="utf-8") as file:
        corpus = json.load(file)
    groups = {g: [f for f in corpus["facts"] if f["group"] == g] for g in ("case", "locality")}
    scores, known = measure_cases(run, groups["case"], [t for t in corpus["filler"] if len(t) < 80], rng)
    local = share(run([(fill(f["main"], f), f["answer"]) for f in groups["locality"]]))
    result = {"cases": scores, "locality": local}
    if args.facts:
        with open(args.facts, encoding="utf-8") as file:
            document = json.load(file)
        result["own"] = measure_own(run, document["facts"])
        with open(args.facts, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=1, ensure_ascii=False)
            file.write("\n")
        with open(os.path.join(args.model, "known.json"), "w", encoding="utf-8") as file:
            json.dump(sorted(f["case"] for f in known), file)
    print(json.dumps(result, indent=1))
    return result


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--facts")
    parser.add_argument("--threads", type=int, default=2)
    evaluate(parser.parse_args())
