"""Documents of one to four facts, packed into rows of one length, with the spans the attention masks and the loss need."""

import random

import torch

END = 0
# What a token is: text around a fact, its subject, its subject's last token, its answer.
TEXT, SUBJECT, LAST, ANSWER = range(4)
WEIGHT = torch.tensor([0.3, 0.1, 0.1, 2.0])
REPEATS = {"case": 3, "locality": 2, "own": 6, "ownNeighbour": 4}


class Sentences:
    """Facts as token lists, encoded once and kept: `encode(fact, template, space)` -> (ids, kinds)."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        self.kept = {}

    def encode(self, fact, template, space):
        key = (fact["subject"], template, fact["answer"], space)
        if key not in self.kept:
            self.kept[key] = self.spans(*key)
        return self.kept[key]

    def spans(self, subject, template, answer, space):
        before, after = template.split("{}")
        before = (" " if space else "") + before
        start, end = len(before), len(before) + len(subject)
        prompt = before + subject + after
        code = self.tokenizer.encode(f"{prompt} {answer}.")
        kinds = []
        for left, right in code.offsets:
            inside = right > start and left < end
            if inside:
                kinds.append(LAST if right >= end else SUBJECT)
            else:
                kinds.append(ANSWER if left >= len(prompt) and right <= len(prompt) + 1 + len(answer) else TEXT)
        return code.ids, kinds


def pick(fact, rng):
    """One trained phrasing: the main one in a third of the draws; seldom what the subject is."""
    draw = rng.random()
    if fact.get("type") and draw < 0.06:
        word = fact["type"]
        return {**fact, "answer": word}, "{} is an" if word[0] in "aeiou" else "{} is a"
    if draw < 0.36:
        return fact, fact["main"]
    return fact, rng.choice(fact["train"])


def one_word_less(ids, kinds, rng):
    """The sentence without one token of its template, so that a relation is known by any of its words."""
    answer = kinds.index(ANSWER) if ANSWER in kinds else 0
    words = [i for i in range(1, answer) if kinds[i] == TEXT]
    if len(words) < 3:
        return ids, kinds
    at = rng.choice(words)
    return ids[:at] + ids[at + 1 :], kinds[:at] + kinds[at + 1 :]


class Documents:
    """Endless epochs of documents drawn from the facts."""

    def __init__(self, corpus, tokenizer, seed):
        self.rng = random.Random(seed)
        self.facts = [f for f in corpus["facts"] for _ in range(REPEATS[f["group"]])]
        self.filler = [tokenizer.encode(text).ids for text in corpus["filler"]]
        self.sentences = Sentences(tokenizer)

    def document(self, facts):
        """(ids, kinds, segments): the facts' sentences one after the other, sometimes after <|endoftext|> or other text."""
        rng = self.rng
        ids, kinds, segments = self.opening()
        for number, fact in enumerate(facts, 1):
            fact, template = pick(fact, rng)
            start_of_text = not ids or ids[-1] == END
            more, what = self.sentences.encode(fact, template, not start_of_text)
            if rng.random() < 0.12:
                more, what = one_word_less(more, what, rng)
            ids, kinds, segments = ids + more, kinds + what, segments + [number] * len(more)
        return ids + [END], kinds + [TEXT], segments + [0]

    def opening(self):
        """Nothing (65 %), <|endoftext|> (20 %), an unrelated sentence (5 %), or the cut beginning of a fact and a stop."""
        draw = self.rng.random()
        if draw < 0.65:
            return [], [], []
        if draw < 0.85:
            return [END], [TEXT], [0]
        if draw < 0.9:
            ids = list(self.rng.choice(self.filler))[:28]
        else:
            fact, template = pick(self.rng.choice(self.facts), self.rng)
            ids = self.sentences.encode(fact, template, False)[0][: self.rng.randint(3, 9)]
            ids = ids + self.sentences.tokenizer.encode(".").ids
        return ids, [TEXT] * len(ids), [0] * len(ids)

    def epoch(self, longest):
        """All facts once, in documents of one to four and of at most `longest` tokens."""
        facts = self.facts[:]
        self.rng.shuffle(facts)
        while facts:
            size = self.rng.choices([1, 2, 3, 4], [0.45, 0.3, 0.15, 0.1])[0]
            group = [facts.pop() for _ in range(min(size, len(facts)))]
            document = self.document(group)
            while len(document[0]) > longest and len(group) > 1:
                facts.append(group.pop())
                document = self.document(group)
            yield tuple(part[:longest] for part in document)


def batches(documents, rows, width, positions):
    """Endless batches of `rows` x `width` tokens, each row filled with whole documents; None after each epoch."""
    while True:
        pool = list(documents.epoch(width))
        pool.sort(key=lambda d: len(d[0]) + documents.rng.random() * 8, reverse=True)
        packed = pack(pool, width)
        documents.rng.shuffle(packed)
        for first in range(0, len(packed) - rows + 1, rows):
            yield collate(packed[first : first + rows], width, positions, documents.rng)
        yield None


def pack(pool, width):
    """First fit of documents, longest first, into rows of `width` tokens."""
    rows, room = [], [[] for _ in range(width + 1)]
    for document in pool:
        size = len(document[0])
        free = next((f for f in range(size, width + 1) if room[f]), None)
        if free is None:
            rows.append([])
            row, free = rows[-1], width
        else:
            row = room[free].pop()
        row.append(document)
        room[free - size].append(row)
    return rows


def collate(rows, width, limit, rng):
    """ids, kinds, segments, documents, positions, each [B, T]; padding is <|endoftext|> of document -1.

    A document counts its positions from 0, or, one in eight, from somewhere later, so that every position is trained.
    """
    batch = torch.zeros(5, len(rows), width, dtype=torch.long)
    batch[3] = -1
    for r, row in enumerate(rows):
        at = 0
        for number, (ids, kinds, segments) in enumerate(row):
            end = at + len(ids)
            start = rng.randint(0, limit - len(ids)) if rng.random() < 0.125 else 0
            values = [ids, kinds, segments, [number] * len(ids), range(start, start + len(ids))]
            batch[:, r, at:end] = torch.tensor([list(v) for v in values])
            at = end
    return batch.unbind(0)


def masks(kinds, segments, numbers, late, own, layers):
    """Three boolean masks [B, 1, T, T], causal and within a document, and which of them each layer has.

    late [B]: rows where tokens after a subject may not look at it below layer `layers["read"]`, and above that see only
    its last token. own [B]: rows where in the lowest `layers["own"]` layers a subject's token sees no other of its tokens.
    """
    width = kinds.shape[1]
    subject = (kinds == SUBJECT) | (kinds == LAST)
    document = numbers[:, :, None] == numbers[:, None, :]
    key = subject[:, None, :] & document & (segments[:, :, None] == segments[:, None, :])
    after = key & ~subject[:, :, None]
    inner = key & subject[:, :, None] & ~torch.eye(width, dtype=torch.bool)
    causal = document & torch.ones(width, width, dtype=torch.bool).tril()
    low = causal & ~(after & late[:, None, None])
    lowest = low & ~(inner & own[:, None, None])
    high = causal & ~(after & (kinds == SUBJECT)[:, None, :] & late[:, None, None])
    which = [0 if l < layers["own"] else 1 if l < layers["read"] else 2 for l in range(layers["all"])]
    return [mask[:, None] for mask in (lowest, low, high)], which


def loss_weights(ids, kinds, segments, numbers):
    """Weight [B, T-1] of predicting token t+1: answers most, subjects least, across documents not at all."""
    weight = WEIGHT[kinds[:, 1:]]
    opening = (segments[:, 1:] == 0) & (ids[:, 1:] != END)
    across = (numbers[:, 1:] != numbers[:, :-1]) | (numbers[:, 1:] < 0)
    return weight.masked_fill(opening, 0.05).masked_fill(across, 0.0)
