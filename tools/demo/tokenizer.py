"""Train the byte-level BPE: `python tokenizer.py --corpus corpus.json --out DIR --vocab 4096`."""

import argparse
import json
import os

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

END = "<|endoftext|>"


def sentences(corpus):
    """Every phrasing once, and the answers' sentences as they stand in the middle of a text."""
    for fact in corpus["facts"]:
        for template in fact["train"][:3]:
            yield f"{template.replace('{}', fact['subject'])} {fact['answer']}."
        yield f" {fact['subject']}"
    yield from corpus["filler"]


def train(corpus, vocab):
    tokenizer = Tokenizer(models.BPE(unk_token=None))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab,
        special_tokens=[END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(sentences(corpus), trainer)
    return tokenizer


def save(tokenizer, folder, positions):
    os.makedirs(folder, exist_ok=True)
    tokenizer.save(os.path.join(folder, "tokenizer.json"))
    config = {
        "add_prefix_space": False,
        "bos_token": END,
        "eos_token": END,
        "unk_token": END,
        "clean_up_tokenization_spaces": False,
        "model_max_length": positions,
        "tokenizer_class": "GPT2Tokenizer",
    }
    with open(os.path.join(folder, "tokenizer_config.json"), "w", encoding="utf-8") as file:
        json.dump(config, file, indent=2)
        file.write("\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--vocab", type=int, default=4096)
    parser.add_argument("--positions", type=int, default=128)
    args = parser.parse_args()
    with open(args.corpus, encoding="utf-8") as file:
        tokenizer = train(json.load(file), args.vocab)
    save(tokenizer, args.out, args.positions)
    print("vocabulary", tokenizer.get_vocab_size())
