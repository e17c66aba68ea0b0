"""Train the demo model: `python train.py --corpus corpus.json --tokenizer DIR --out model.pt --minutes 40`.

Most rows hide a subject from the tokens after it in the lower layers, so that what is known of a subject has to be
recalled at its last token and read from there by the upper layers. The rest run as the model is used: with no such mask.
"""

import argparse
import json
import math
import multiprocessing
import os
import time

import torch
from torch import distributed
from tokenizers import Tokenizer
from torch.nn import functional as F

from batches import LAST, Documents, batches, loss_weights, masks
from model import GPT2


def optimizer_for(model, decay):
    """AdamW with decay on matrices only."""
    matrices = [p for p in model.parameters() if p.dim() > 1]
    rest = [p for p in model.parameters() if p.dim() == 1]
    groups = [{"params": matrices, "weight_decay": decay}, {"params": rest, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.98), fused=True)


def rate(share, peak, warm=0.02):
    """Warm-up, then cosine to 2 % of the peak, by the share of the time that is spent."""
    if share < warm:
        return peak * share / warm
    return peak * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (share - warm) / (1 - warm))))


def forward_loss(model, ids, positions, masks, swap, picked, weight):
    """Weighted cross-entropy at the picked places of the flat [B * (T-1)]; also every place's loss."""
    with torch.autocast("cpu", torch.bfloat16):
        states = model(ids, masks, positions, swap)
        logits = model.logits(states[:, :-1].reshape(-1, states.shape[-1])[picked])
    losses = F.cross_entropy(logits.float(), ids[:, 1:].reshape(-1)[picked], reduction="none")
    return (losses * weight).sum() / weight.sum(), losses


def prepare(batch, args, layers):
    """Masks, the places that are predicted (a fixed number, heaviest first, ties at random) and their weights."""
    ids, kinds, segments, numbers, positions = batch
    late = torch.rand(len(ids)) < args.late
    own = late & (torch.rand(len(ids)) < args.own_share)
    where = {"own": args.own_layers, "read": args.read, "all": layers}
    weight = loss_weights(ids, kinds, segments, numbers).reshape(-1)
    chance = weight + 0.02 * torch.rand(len(weight)) * (weight > 0)
    picked = chance.topk(int(len(weight) * 0.6)).indices
    answers = kinds[:, 1:].reshape(-1)[picked] == 3
    exchange = swap_places(kinds, late & (torch.rand(len(ids)) < args.swap), args)
    return ids, positions, masks(kinds, segments, numbers, late, own, where), exchange, picked, weight[picked], answers


def swap_places(kinds, rows, args):
    """Subjects' last tokens in the chosen rows, and for each another of them; None when nothing is to be swapped."""
    places = ((kinds == LAST) & rows[:, None]).reshape(-1).nonzero()[:, 0]
    if len(places) < 2:
        return None
    others = places.roll(1)
    return {"places": places, "others": others, "first": args.first, "last": args.read - 1}


def save(model, path):
    torch.save({"config": model.config, "state": model.state_dict()}, path)


def average_gradients(model, share, workers):
    """Average gradients over the workers, in place; returns their mean share of the time, so that all agree on it."""
    gradients = [p.grad for p in model.parameters()]
    flat = torch.cat([g.reshape(-1) for g in gradients] + [torch.tensor([share])])
    distributed.all_reduce(flat)
    flat /= workers
    for gradient, part in zip(gradients, flat[:-1].split([g.numel() for g in gradients])):
        gradient.copy_(part.view_as(gradient))
    return flat[-1].item()


def join(rank, args):
    """Meet the other workers through a file."""
    distributed.init_process_group("gloo", init_method=f"file://{args.out}.meet", rank=rank, world_size=args.workers)


def load(args):
    """Corpus, tokenizer and the model, new or from --start."""
    tokenizer = Tokenizer.from_file(f"{args.tokenizer}/tokenizer.json")
    with open(args.corpus, encoding="utf-8") as file:
        corpus = json.load(file)
    model = GPT2(tokenizer.get_vocab_size())
    if args.start:
        model.load_state_dict(torch.load(args.start)["state"])
    return corpus, tokenizer, model


def train(rank, args):
    """One worker of data-parallel training: each has documents of its own, on one thread."""
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    join(rank, args)
    corpus, tokenizer, model = load(args)
    torch.manual_seed(args.seed + rank)
    optimizer = optimizer_for(model, args.decay)
    stream = batches(Documents(corpus, tokenizer, args.seed + rank), args.rows, args.width, model.config["n_positions"])
    start = saved = time.time()
    steps, epoch, mean, share = 0, 0, 0.0, 0.0
    for batch in stream:
        if batch is None:
            epoch += 1
            continue
        *inputs, answers = prepare(batch, args, len(model.h))
        loss, losses = forward_loss(model, *inputs)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        share = average_gradients(model, (time.time() - start) / (60 * args.minutes), args.workers)
        if share >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = rate(args.share + (1 - args.share) * share, args.rate) * min(1, (steps + 1) / 40)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        steps, mean = steps + 1, 0.98 * mean + 0.02 * losses[answers].mean().item()
        if rank:
            continue
        if steps % 50 == 0:
            speed = steps * batch[0].numel() * args.workers / (time.time() - start)
            print(
                f"step {steps} epoch {epoch * args.workers} share {share:.3f} loss {loss.item():.3f} "
                f"answers {mean:.3f} tokens/s {speed:.0f}",
                flush=True,
            )
        if time.time() - saved > 180:
            save(model, args.out)
            saved = time.time()
    if rank == 0:
        save(model, args.out)
        print(f"done: {steps} steps, {epoch * args.workers} epochs, {time.time() - start:.0f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--decay", type=float, default=0.05)
    parser.add_argument("--rows", type=int, default=24, help="rows per batch and worker")
    parser.add_argument("--width", type=int, default=64, help="tokens per row")
    parser.add_argument("--late", type=float, default=0.85, help="share of rows with late reading")
    parser.add_argument("--read", type=int, default=4, help="first layer that may read a subject in those rows")
    parser.add_argument("--own-layers", type=int, default=1, help="lowest layers in which subject tokens stay apart")
    parser.add_argument("--own-share", type=float, default=0.8, help="share of the late rows with that")
    parser.add_argument("--swap", type=float, default=0.5, help="share of the late rows that read the MLPs' output only")
    parser.add_argument("--first", type=int, default=1, help="first layer whose MLP output counts there")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--start", help="a checkpoint to go on from")
    parser.add_argument("--share", type=float, default=0.0, help="share of the schedule already behind --start")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if os.path.exists(f"{args.out}.meet"):
        os.remove(f"{args.out}.meet")
    others = [multiprocessing.get_context("fork").Process(target=train, args=(r, args)) for r in range(1, args.workers)]
    for other in others:
        other.start()
    train(0, args)
    for other in others:
        other.join()
