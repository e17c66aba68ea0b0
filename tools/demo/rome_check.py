"""ROME on known facts: `python rome_check.py --corpus corpus.json --model DIR --layer 2 --number 200`.

Edits one fact at a time, as METHODS section 4 describes, and counts how often the new answer is then likelier than the
true one: on the prompt (efficacy), on its phrasings that were held out of training (paraphrase), and how often the
true answer stays likelier for other subjects with the same answer (neighbourhood). Cases are optimised in batches.
"""

import argparse
import glob
import json
import os
import random

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn import functional as F

from compact import read_moment
from export import load_shipped
from recall import recall


def run_to(model, ids, layer):
    """ids [B, T] to (input of layer's c_proj [B, T, f], states after the layer [B, T, d], its MLP output)."""
    x = model.wte(ids) + model.wpe.weight[: ids.shape[1]]
    for l, block in enumerate(model.h[: layer + 1]):
        x = x + block.attn(block.ln_1(x), causal(ids))
        if l == layer:
            keys = F.gelu(block.mlp.c_fc(block.ln_2(x)), approximate="tanh")
            value = block.mlp.c_proj(keys)
            return keys, x + value, value
        x = x + block.mlp(block.ln_2(x))


def run_from(model, x, layer):
    """States after `layer` to final states."""
    for block in model.h[layer + 1 :]:
        x, _ = block(x, causal(x))
    return model.ln_f(x)


def causal(x):
    t = x.shape[1]
    return torch.ones(t, t, dtype=torch.bool).tril().view(1, 1, t, t)


@torch.no_grad()
def sample_prefixes(model, tokenizer, seed=1):
    """Twenty beginnings sampled from <|endoftext|>, top five: ten of 4 tokens, ten of 9."""
    generator, found = torch.Generator().manual_seed(seed), []
    for length in (5, 10):
        ids = torch.zeros(10, 1, dtype=torch.long)
        while ids.shape[1] < length:
            top, index = model.logits(model(ids)[:, -1]).topk(5)
            choice = torch.multinomial(top.softmax(-1), 1, generator=generator)
            ids = torch.cat([ids, index.gather(1, choice)], 1)
        found += [tokenizer.decode(row[1:].tolist()) for row in ids]
    return [text.replace("{", " ").replace("}", " ") + ". {}" for text in found]


def lookup(tokenizer, template, subject):
    """Index of the subject's last token."""
    before, _ = template.split("{}")
    if before.endswith(" "):
        before, subject = before[:-1], " " + subject
    return len(tokenizer.encode(before).ids) + len(tokenizer.encode(subject).ids) - 1


def rows_of(tokenizer, case, templates):
    """21 rewriting rows and the essence row of a case: (ids, lookup, number of target tokens)."""
    target = tokenizer.encode(" " + case["new"]).ids
    rows = []
    for context in templates:
        template = context.replace("{}", case["main"])
        ids = tokenizer.encode(template.replace("{}", case["subject"])).ids
        rows.append((ids + target[:-1], lookup(tokenizer, template, case["subject"]), len(target)))
    essence = tokenizer.encode(case["subject"] + " is a").ids
    return rows + [(essence, lookup(tokenizer, "{} is a", case["subject"]), 0)], target


def optimise(model, tokenizer, cases, layer, templates, settings):
    """(v*, mean key, bare key, bare value), each [cases, .], by Adam on all cases at once; stopped cases are frozen."""
    built = [rows_of(tokenizer, case, templates) for case in cases]
    rows = [row for more, _ in built for row in more]
    per, number = len(templates) + 1, len(cases)
    width = max(len(ids) for ids, _, _ in rows)
    ids = torch.tensor([r[0] + [0] * (width - len(r[0])) for r in rows])
    at = torch.tensor([r[1] for r in rows])
    each, owner = torch.arange(len(rows)), torch.arange(number).repeat_interleave(per)
    with torch.no_grad():
        keys, states, values = run_to(model, ids, layer)
        start = values[each, at].view(number, per, -1)[:, 0]
        key = keys[each, at].view(number, per, -1)
    where = [(r, len(row[0]) - row[2] + j, built[owner[r]][1][j]) for r, row in enumerate(rows) for j in range(row[2])]
    row, column, wanted = (torch.tensor(v) for v in zip(*where))
    size = torch.tensor([len(target) for _, target in built])
    kl_rows = each[per - 1 :: per]
    delta = torch.zeros_like(start)
    first, second, done, base = torch.zeros_like(start), torch.zeros_like(start), torch.zeros(number, dtype=torch.bool), None
    for step in range(settings.steps):
        d = delta.clone().requires_grad_()
        moved = states.clone()
        moved[each, at] = moved[each, at] + d[owner]
        final = run_from(model, moved, layer)
        log = F.log_softmax(model.logits(final[row, column]), -1).gather(1, wanted[:, None])[:, 0]
        nll = torch.zeros(number).index_add(0, owner[row], -log) / size / (per - 1)
        now = F.log_softmax(model.logits(final[kl_rows, at[kl_rows]]), -1)
        base = now.detach() if base is None else base
        kl = settings.kl * (now.exp() * (now - base)).sum(-1)
        decay = settings.decay * torch.sqrt((d**2).sum(-1) + 1e-24) / start.norm(dim=-1) ** 2
        loss = nll + kl + decay
        done |= loss.detach() < 0.05
        if done.all() or step == settings.steps - 1:
            break
        (gradient,) = torch.autograd.grad(loss.sum(), d)
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        move = first / (1 - 0.9 ** (step + 1)) / ((second / (1 - 0.999 ** (step + 1))).sqrt() + 1e-8)
        stepped = delta - settings.rate * move
        limit = settings.clamp * start.norm(dim=-1)
        stepped = stepped * (limit / stepped.norm(dim=-1)).clamp(max=1)[:, None]
        delta = torch.where(done[:, None], delta, stepped)
    return start + delta, key[:, :-1].mean(1), key[:, 0], start


def second_moment(folder, layer):
    """C [f, f] of the shipped statistics."""
    return torch.from_numpy(read_moment(glob.glob(os.path.join(folder, "stats", f"transformer.h.{layer}.*.npz"))[0]))


def compare(model, tokenizer, case, prompts):
    """For every prompt: mean log probability per token of the new answer minus that of the true one."""
    pairs = [(p, case[k]) for p in prompts for k in ("new", "answer")]
    sizes = [len(tokenizer.encode(" " + target).ids) for _, target in pairs]
    logs = [np.log(p + 1e-30) / n for (p, _), n in zip(recall(model, tokenizer, pairs), sizes)]
    return [logs[i] - logs[i + 1] for i in range(0, len(logs), 2)]


def choose(facts, model, tokenizer, number, cases_file, learned=False):
    """Known cases with up to five neighbours each; if `learned`, whose new answer is known from other subjects."""
    rng = random.Random(3)
    targets = wanted_answers(cases_file)
    answers = {(f["relation"], f["answer"]) for f in facts}
    allowed = lambda f: not learned or (f["relation"], targets[f["case"]]) in answers
    pool = [f for f in facts if f["group"] == "case" and allowed(f)]
    rng.shuffle(pool)
    picked = pool[: number * 2]
    hits = recall(model, tokenizer, [(f["main"].replace("{}", f["subject"]), f["answer"]) for f in picked])
    same = {}
    for fact in facts:
        same.setdefault((fact["relation"], fact["answer"]), []).append(fact)
    chosen = []
    for fact, (_, hit) in zip(picked, hits):
        others = [f for f in same[fact["relation"], fact["answer"]] if f["subject"] != fact["subject"]]
        if hit:
            near = [f["main"].replace("{}", f["subject"]) for f in rng.sample(others, min(5, len(others)))]
            chosen.append({**fact, "new": targets[fact["case"]], "near": near})
    return chosen[:number]


def wanted_answers(folder):
    """{case_id: target_new} of CounterFact."""
    from counterfact import load_cases

    return {case["case_id"]: case["target_new"] for case in load_cases(folder)}


def check(args):
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    model = load_shipped(args.model)
    for p in model.parameters():
        p.requires_grad_(False)
    tokenizer = Tokenizer.from_file(os.path.join(args.model, "tokenizer.json"))
    with open(args.corpus, encoding="utf-8") as file:
        facts = json.load(file)["facts"]
    cases = choose(facts, model, tokenizer, args.number, args.counterfact, args.learned)
    templates = ["{}"] + sample_prefixes(model, tokenizer)
    factor = torch.linalg.cholesky(second_moment(args.model, args.layer))
    weight = model.h[args.layer].mlp.c_proj.weight
    scores = {"efficacy": [], "sibling": [], "rephrase": [], "neighbourhood": [], "neighbourhood before": []}
    for at in range(0, len(cases), args.batch):
        group = cases[at : at + args.batch]
        target, mean, bare, value = optimise(model, tokenizer, group, args.layer, templates, args)
        u = torch.cholesky_solve(mean.double().t(), factor).t()
        u = (u / u.norm(dim=1, keepdim=True)).float()
        for i, case in enumerate(group):
            fill = lambda template: template.replace("{}", case["subject"])
            if case["near"]:
                scores["neighbourhood before"] += [d < 0 for d in compare(model, tokenizer, case, case["near"])]
            change = torch.outer(u[i], (target[i] - value[i]) / (bare[i] @ u[i]))
            weight += change
            scores["efficacy"] += [d > 0 for d in compare(model, tokenizer, case, [fill(case["main"])])]
            scores["sibling"] += [d > 0 for d in compare(model, tokenizer, case, [fill(t) for t in case["heldout"]])]
            scores["rephrase"] += [d > 0 for d in compare(model, tokenizer, case, [case["rephrasePrompt"]])]
            if case["near"]:
                scores["neighbourhood"] += [d < 0 for d in compare(model, tokenizer, case, case["near"])]
            weight -= change
    shown = " ".join(f"{name} {np.mean(values):.3f}" for name, values in scores.items())
    print(f"layer {args.layer} cases {len(cases)}{' learned' if args.learned else ''} steps {args.steps} rate {args.rate} clamp {args.clamp} {shown}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--counterfact", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--layer", type=int, required=True)
    parser.add_argument("--number", type=int, default=200)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--rate", type=float, default=0.5)
    parser.add_argument("--clamp", type=float, default=10.0)
    parser.add_argument("--kl", type=float, default=0.0625)
    parser.add_argument("--decay", type=float, default=0.5)
    parser.add_argument("--batch", type=int, default=20)
    parser.add_argument("--learned", action="store_true", help="only new answers that the relation has in training")
    parser.add_argument("--threads", type=int, default=2)
    check(parser.parse_args())
