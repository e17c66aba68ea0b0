"""Train the demo model: `python train.py --corpus corpus.json --tokenizer DIR --out model.pt --minutes 90`.

Most rows hide a subject from the tokens after it in the lower layers, so that what is known of a subject has to be
recalled at its last token and read from there by the upper layers; in half of these only what a few of the lower layers'
MLPs wrote there can be read. The rest run as the model is used. A run that was ended goes on where it was last saved.
"""

import argparse
import json
import math
import multiprocessing
import os
import time

import torch
from tokenizers import Tokenizer
from torch.nn import functional as F

from batches import LAST, Documents, batches, loss_weights, masks
from model import GPT2
from muon import Muon


def optimizers_for(model, args):
    """Muon for the blocks' matrices (the keys' at a rate of their own), Adam for embeddings, biases and norms."""
    groups = []
    for block in model.h:
        matrices = {"attn.c_attn": (3, 1), "attn.c_proj": (1, 1), "mlp.c_fc": (1, args.key_rate), "mlp.c_proj": (1, 1)}
        for name, (split, factor) in matrices.items():
            decay = 0.0 if name == "mlp.c_fc" else args.decay
            weight = block.get_parameter(f"{name}.weight")
            groups.append({"params": [weight], "split": split, "factor": factor, "weight_decay": decay})
    keys = [block.mlp.c_fc.bias for block in model.h]
    taken = {id(p) for group in groups for p in group["params"]} | {id(p) for p in keys}
    rest = [p for p in model.parameters() if id(p) not in taken]
    adam = [{"params": rest, "factor": 1}, {"params": keys, "factor": args.key_rate}]
    return Muon(groups), torch.optim.AdamW(adam, lr=0.0, betas=(0.9, 0.98), weight_decay=0.0, fused=True)


def rate(share, peak, warm=0.02):
    """Warm-up, then a straight line to 2 % of the peak, by the share of the time that is spent."""
    if share < warm:
        return peak * share / warm
    return peak * (0.02 + 0.98 * (1 - share) / (1 - warm))


def forward_loss(model, batch):
    """Weighted cross-entropy at the picked places of the flat [B * (T-1)]; also every place's loss."""
    with torch.autocast("cpu", torch.bfloat16):
        layers = [batch["masks"][i] for i in batch["which"]]
        states = model(batch["ids"], layers, batch["positions"], batch["swap"])
        logits = model.logits(states[:, :-1].reshape(-1, states.shape[-1])[batch["picked"]])
    wanted = batch["ids"][:, 1:].reshape(-1)[batch["picked"]]
    losses = F.cross_entropy(logits.float(), wanted, reduction="none")
    return (losses * batch["weight"]).sum() / batch["weight"].sum(), losses


def prepare(batch, args, layers):
    """Masks, the places that are predicted (a fixed number, heaviest first, ties at random) and their weights."""
    ids, kinds, segments, numbers, positions = batch
    late = torch.rand(len(ids)) < args.late
    own = late & (torch.rand(len(ids)) < args.own_share)
    where = {"own": args.own_layers, "read": args.read, "all": layers}
    weight = loss_weights(ids, kinds, segments, numbers).reshape(-1)
    chance = weight + 0.4 * torch.rand(len(weight)) * (weight > 0)
    picked = chance.topk(int(len(weight) * args.predict)).indices
    every, which = masks(kinds, segments, numbers, late, own, where)
    return {
        "ids": ids,
        "positions": positions,
        "masks": every,
        "which": which,
        "swap": swap_places(kinds, late & (torch.rand(len(ids)) < args.swap), args),
        "picked": picked,
        "weight": weight[picked],
        "answers": kinds[:, 1:].reshape(-1)[picked] == 3,
    }


def swap_places(kinds, rows, args):
    """Subjects' last tokens in the chosen rows, for each another of them, and the layers whose MLPs it keeps."""
    places = ((kinds == LAST) & rows[:, None]).reshape(-1).nonzero()[:, 0]
    number = int(kinds.numel() * args.swap * 0.06)
    places = places[torch.randperm(len(places))][:number]
    while len(places) < number:
        places = torch.cat([places, places[: number - len(places)]])
    first = torch.randint(args.earliest, args.first + 1, (number, 1))
    last = torch.randint(args.last, args.read, (number, 1))
    layer = torch.arange(args.read)
    kept = ((layer >= first) & (layer <= last)).float()
    return {"places": places, "others": places.roll(1), "kept": kept}


def feed(queue, args, config):
    """Batches, made by a process of their own."""
    torch.set_num_threads(1)
    torch.manual_seed(args.seed + int(time.time()) % 100000)
    tokenizer = Tokenizer.from_file(f"{args.tokenizer}/tokenizer.json")
    with open(args.corpus, encoding="utf-8") as file:
        corpus = json.load(file)
    documents = Documents(corpus, tokenizer, args.seed + int(time.time()) % 100000)
    epoch = 0
    for batch in batches(documents, args.rows, args.width, config["n_positions"]):
        if batch is None:
            epoch += 1
        else:
            queue.put((epoch, prepare(batch, args, config["n_layer"])))


def save(model, optimizers, share, path):
    state = {"config": model.config, "state": model.state_dict(), "share": share}
    torch.save({**state, "optimizers": [o.state_dict() for o in optimizers]}, f"{path}.part")
    os.replace(f"{path}.part", path)


def load(args):
    """The model and its optimizers, new or as they were saved, and the share of the time already spent."""
    torch.manual_seed(args.seed)
    tokenizer = Tokenizer.from_file(f"{args.tokenizer}/tokenizer.json")
    shape = {"n_layer": args.layers, "n_inner": args.inner, "spread": args.spread, "threshold": args.threshold}
    model = GPT2(tokenizer.get_vocab_size(), **shape)
    optimizers = optimizers_for(model, args)
    if not os.path.exists(args.out):
        return model, optimizers, 0.0
    stored = torch.load(args.out)
    model.load_state_dict(stored["state"])
    for optimizer, state in zip(optimizers, stored["optimizers"]):
        optimizer.load_state_dict(state)
    return model, optimizers, stored["share"] if args.share is None else args.share


def train(args):
    torch.set_num_threads(args.threads)
    model, optimizers, begun = load(args)
    queue = multiprocessing.Queue(4)
    feeder = multiprocessing.Process(target=feed, args=(queue, args, model.config), daemon=True)
    feeder.start()
    run = torch.compile(lambda batch: forward_loss(model, batch), dynamic=False)
    steps, mean, share = 0, 0.0, begun
    start = saved = None
    while share < 1:
        epoch, batch = queue.get()
        loss, losses = run(batch)
        for optimizer in optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if steps < 3:  # while it compiles
            start = saved = time.time()
        share = begun + (time.time() - start) / (60 * args.minutes)
        now = rate(share, args.rate) * min(1, (steps + 1) / 40)
        for group in [g for o in optimizers for g in o.param_groups]:
            group["lr"] = now * group["factor"]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
        steps, mean = steps + 1, 0.98 * mean + 0.02 * losses.detach()[batch["answers"]].mean().item()
        if steps % args.log == 0:
            speed = (steps - 2) * batch["ids"].numel() / (time.time() - start)
            print(
                f"step {steps} epoch {epoch} share {share:.3f} loss {loss.item():.3f} "
                f"answers {mean / (1 - 0.98**steps):.3f} tokens/s {speed:.0f}",
                flush=True,
            )
        if time.time() - saved > 180:
            save(model, optimizers, share, args.out)
            saved = time.time()
    save(model, optimizers, share, args.out)
    print(f"done: {steps} steps, {epoch} epochs, {time.time() - start:.0f} s")
    feeder.terminate()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--out", required=True, help="the model with its optimizers; goes on from there if it is there")
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--inner", type=int, default=2048)
    parser.add_argument("--spread", type=float, default=1.5, help="deviation of a key's input at the start")
    parser.add_argument("--threshold", type=float, default=0.75, help="how far below its mean a key opens, in deviations")
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--key-rate", type=float, default=0.3, help="times the rate, for the matrices that make keys")
    parser.add_argument("--decay", type=float, default=0.1)
    parser.add_argument("--rows", type=int, default=96, help="rows per batch")
    parser.add_argument("--width", type=int, default=64, help="tokens per row")
    parser.add_argument("--predict", type=float, default=0.45, help="share of the tokens that are predicted")
    parser.add_argument("--late", type=float, default=0.85, help="share of rows with late reading")
    parser.add_argument("--read", type=int, default=5, help="first layer that may read a subject in those rows")
    parser.add_argument("--own-layers", type=int, default=1, help="lowest layers in which subject tokens stay apart")
    parser.add_argument("--own-share", type=float, default=0.0, help="share of the late rows with that")
    parser.add_argument("--swap", type=float, default=0.5, help="share of the late rows that read MLPs' output only")
    parser.add_argument("--earliest", type=int, default=1, help="the first layer at which the MLPs that are read may begin")
    parser.add_argument("--first", type=int, default=2, help="the last layer at which the MLPs that are read may begin")
    parser.add_argument("--last", type=int, default=3, help="the first layer at which they may end")
    parser.add_argument("--share", type=float, help="share of the schedule to go on from, in place of the one that was saved")
    parser.add_argument("--log", type=int, default=50, help="steps between lines")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    train(parser.parse_args())
