"""Facts about the built-in model as `palimpsest verify --facts` reads them, by transformers in float64.

The losses of the search for v* come from rome.py, which is ours; all else from transformers' own classes.
"""

import hashlib
import math

import tokenizers
import torch
import transformers
from checkpoints import write_json
from reference import Reference
from rome import lookup_index, searched_value, target_ids
from transformers import GPT2LMHeadModel

SOURCE = f"transformers {transformers.__version__}, torch {torch.__version__.split('+')[0]}, float64"
PROMPTS = ["The Space Needle is in the city of", "Our old harbour was built", "He"]
CONTEXTS = ["{}", "The next day. {}", "It is said that. {}"]
REQUEST = {"prompt": "{} is in the city of", "subject": "The Space Needle", "target": "San Francisco"}
SETTINGS = {"learningRate": 0.5, "clamp": 4, "weightDecay": 0.5, "klFactor": 0.0625}
TEXTS = ["The harbour's ferry, No. 12,480.", "  naïve 灯台 👋🏽\n", "don't\tWE'LL"]


def make_facts(folder, out):
    model = GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float64).eval()
    reference = Reference.open(folder)  # for its tokenizer and the search
    facts = [
        *continuations(model, reference),
        *likelihoods(model, reference),
        *norms(model, reference),
        search(reference),
        *tokenizer_facts(folder, reference),
    ]
    weights = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    content = {"weightsSha256": weights, "facts": [{"source": SOURCE, **fact} for fact in facts]}
    write_json(out / "facts.json", content)


def continuations(model, reference):
    for text in PROMPTS:
        prompt = reference.encode(text)
        row = model.generate(torch.tensor([prompt]), max_new_tokens=12, do_sample=False, pad_token_id=0)
        yield {"kind": "continuation", "prompt": prompt, "expected": row[0].tolist()}


def likelihoods(model, reference):
    """One prompt and one token, several prompts and several tokens, and a whole text after <|endoftext|>."""
    target = target_ids(reference, REQUEST)
    known = reference.encode(" Seattle")
    prompts = [reference.encode(context.replace("{}", PROMPTS[0])) for context in CONTEXTS]
    single = [-nll(model, prompts[0], known)]
    several = [-nll(model, prompt, target) for prompt in prompts]
    yield {"kind": "probability", "prompts": prompts[:1], "target": known, "expected": mean_exp(single)}
    yield {"kind": "probability", "prompts": prompts, "target": target, "expected": mean_exp(several)}
    yield {"kind": "nll", "prompts": prompts, "target": target, "expected": -sum(several) / len(several)}
    text, begin = reference.encode(TEXTS[0]), [model.config.bos_token_id]
    expected = nll(model, begin, text)
    yield {"kind": "nll", "prompts": [begin], "target": text, "expected": expected, "tolerance": 1e-4}


def nll(model, prompt, target):
    """Mean over the target's tokens of −log p, by the model's own loss."""
    ids = torch.tensor([prompt + target])
    labels = ids.clone()
    labels[:, : len(prompt)] = -100
    with torch.no_grad():
        return model(ids, labels=labels).loss.item()


def mean_exp(logs):
    return sum(math.exp(x) for x in logs) / len(logs)


def norms(model, reference):
    tokens = reference.encode(REQUEST["subject"])
    for site, layer in [("mlp", 3), ("key", 1), ("hidden", 5)]:
        block = model.transformer.h[layer]
        place = {"mlp": block.mlp, "key": block.mlp.act, "hidden": block}[site]
        kept = []
        handle = place.register_forward_hook(lambda _, __, output: kept.append(output))
        with torch.no_grad():
            model(torch.tensor([tokens]))
        handle.remove()
        output = kept[0][0] if isinstance(kept[0], tuple) else kept[0]
        expected = output.reshape(len(tokens), -1)[-1].norm().item()
        yield {"kind": "stateNorm", "site": site, "layer": layer, "tokens": tokens, "expected": expected}
    for tensor in ["transformer.h.2.mlp.c_proj.weight", "transformer.wpe.weight"]:
        expected = dict(model.named_parameters())[tensor].norm().item()
        yield {"kind": "tensorNorm", "tensor": tensor, "expected": expected}


def search(reference):
    layer, subject = 1, REQUEST["subject"]
    templates = [context.replace("{}", REQUEST["prompt"]) for context in CONTEXTS]
    hyperparameters = {**SETTINGS, "steps": 6}
    _, steps = searched_value(reference, REQUEST, hyperparameters, templates, ("mlp", layer))
    essence = "{} is a"
    return {
        **{"kind": "search", "layer": layer, "settings": SETTINGS, "target": target_ids(reference, REQUEST)},
        "prompts": [reference.encode(template.replace("{}", subject)) for template in templates],
        "lookups": [lookup_index(reference, template, subject) for template in templates],
        "essence": {
            "tokens": reference.encode(essence.replace("{}", subject)),
            "lookup": lookup_index(reference, essence, subject),
        },
        "expected": [step["loss"] for step in steps],
        "source": f"test/golden/rome.py, torch {torch.__version__.split('+')[0]}, float64",
    }


def tokenizer_facts(folder, reference):
    source = f"tokenizers {tokenizers.__version__}"
    for text in TEXTS:
        yield {"kind": "tokens", "text": text, "expected": reference.encode(text), "source": source}
    digest = hashlib.sha256((folder / "tokenizer.json").read_bytes()).hexdigest()
    yield {"kind": "sha256", "files": ["vocab.json", "tokenizer.json"], "expected": digest, "source": "hashlib"}
