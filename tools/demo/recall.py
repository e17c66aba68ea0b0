"""Teacher-forced recall of prompts: the probability of a target and whether greedy decoding gives all of it."""

import torch
from torch.nn import functional as F


@torch.no_grad()
def recall(model, tokenizer, pairs, batch=256):
    """[(prompt, target)] -> [(probability of the whole target, greedy gives the whole target)], in order."""
    coded = []
    for prompt, target in pairs:
        head, tail = tokenizer.encode(prompt).ids, tokenizer.encode(" " + target).ids
        coded.append((head + tail, len(tail)))
    order = sorted(range(len(coded)), key=lambda i: len(coded[i][0]))
    results = [None] * len(coded)
    for first in range(0, len(order), batch):
        group = order[first : first + batch]
        width = max(len(coded[i][0]) for i in group)
        ids = torch.tensor([coded[i][0] + [0] * (width - len(coded[i][0])) for i in group])
        states = model(ids)
        for row, i in enumerate(group):
            size, tail = len(coded[i][0]), coded[i][1]
            logits = model.logits(states[row, size - tail - 1 : size - 1])
            wanted = ids[row, size - tail : size]
            logs = F.log_softmax(logits, -1).gather(1, wanted[:, None]).sum()
            results[i] = (logs.exp().item(), bool((logits.argmax(-1) == wanted).all()))
    return results
