"""Tiny checkpoints as Hugging Face folders: odd sizes, loud random weights fitted for a moment."""

import json
import shutil

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from reference import Reference, pad

END_OF_TEXT = "<|endoftext|>"
TOKENS = 503

SHARED = {
    "n_layer": 3,
    "n_positions": 40,
    "activation_function": "gelu_new",
    "layer_norm_epsilon": 1e-05,
    "bos_token_id": TOKENS - 1,
    "eos_token_id": TOKENS - 1,
}
TOKENIZER_CONFIG = {
    "tokenizer_class": "GPT2Tokenizer",
    "add_prefix_space": False,
    "bos_token": END_OF_TEXT,
    "eos_token": END_OF_TEXT,
    "unk_token": END_OF_TEXT,
    "clean_up_tokenization_spaces": False,
    "model_max_length": SHARED["n_positions"],
}
GPT2 = {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], **SHARED}
GPTJ = {"model_type": "gptj", "architectures": ["GPTJForCausalLM"], **SHARED}
NEOX = {
    "model_type": "gpt_neox",
    "architectures": ["GPTNeoXForCausalLM"],
    "num_hidden_layers": SHARED["n_layer"],
    "max_position_embeddings": SHARED["n_positions"],
    "hidden_act": "gelu",
    "layer_norm_eps": SHARED["layer_norm_epsilon"],
    "bos_token_id": TOKENS - 1,
    "eos_token_id": TOKENS - 1,
}

TINY = {
    "tiny-gpt2": {
        **GPT2, "n_embd": 20, "n_head": 5, "n_inner": None, "vocab_size": TOKENS,
        "tie_word_embeddings": True,
    },
    "tiny-gpt2-untied": {
        **GPT2, "n_embd": 20, "n_head": 4, "n_inner": 52, "vocab_size": TOKENS,
        "tie_word_embeddings": False,
    },
    "tiny-gptj": {
        **GPTJ, "n_embd": 24, "n_head": 3, "n_inner": None, "rotary_dim": 4,
        "vocab_size": TOKENS + 8, "tie_word_embeddings": False,
    },
    # The config as the Hub has it.
    "tiny-neox": {
        **NEOX, "hidden_size": 24, "num_attention_heads": 3, "intermediate_size": 96,
        "rotary_pct": 0.5, "rotary_emb_base": 500, "use_parallel_residual": True,
        "vocab_size": TOKENS + 9, "tie_word_embeddings": False,
    },
    # The config as transformers 5 writes it.
    "tiny-neox-sequential": {
        **NEOX, "hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 76,
        "rope_parameters": {
            "rope_type": "default", "rope_theta": 2000, "partial_rotary_factor": 0.25,
        },
        "use_parallel_residual": False, "attention_bias": False,
        "vocab_size": TOKENS, "tie_word_embeddings": True,
    },
}  # fmt: skip


def make_checkpoints(folder, corpus):
    for seed, (name, config) in enumerate(TINY.items(), start=1):
        path = folder / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        write_json(path / "config.json", config)
        tokenizer = make_tokenizer(corpus)
        tokenizer.save(str(path / "tokenizer.json"), pretty=False)
        write_json(path / "tokenizer_config.json", TOKENIZER_CONFIG)
        shapes = SHAPES[config["model_type"]](config)
        tensors = fit(Reference(config, tokenizer, random_tensors(shapes, seed)), corpus)
        if name == "tiny-gpt2-untied":
            save_shards(path, tensors)
        elif name == "tiny-neox":
            save(with_prefix(tensors, "gpt_neox.") | neox_buffers(config), path / "model.safetensors")
        elif name == "tiny-neox-sequential":
            save(with_prefix(tensors, "gpt_neox."), path / "model.safetensors")
        else:
            save(with_prefix(tensors, "transformer."), path / "model.safetensors")


def gpt2_shapes(config):
    d, vocab = config["n_embd"], config["vocab_size"]
    f = config["n_inner"] or 4 * d
    shapes = {"wte.weight": (vocab, d), "wpe.weight": (config["n_positions"], d)}
    for layer in range(config["n_layer"]):
        block = {
            **norm_shapes("ln_1", d),
            "attn.c_attn.weight": (d, 3 * d), "attn.c_attn.bias": (3 * d,),
            "attn.c_proj.weight": (d, d), "attn.c_proj.bias": (d,),
            **norm_shapes("ln_2", d),
            "mlp.c_fc.weight": (d, f), "mlp.c_fc.bias": (f,),
            "mlp.c_proj.weight": (f, d), "mlp.c_proj.bias": (d,),
        }  # fmt: skip
        shapes |= {f"h.{layer}.{name}": shape for name, shape in block.items()}
    return with_head({**shapes, **norm_shapes("ln_f", d)}, config)


def gptj_shapes(config):
    d, f = config["n_embd"], 4 * config["n_embd"]
    shapes = {"wte.weight": (config["vocab_size"], d)}
    for layer in range(config["n_layer"]):
        block = {
            **norm_shapes("ln_1", d),
            **{f"attn.{name}_proj.weight": (d, d) for name in ("q", "k", "v", "out")},
            "mlp.fc_in.weight": (f, d), "mlp.fc_in.bias": (f,),
            "mlp.fc_out.weight": (d, f), "mlp.fc_out.bias": (d,),
        }  # fmt: skip
        shapes |= {f"h.{layer}.{name}": shape for name, shape in block.items()}
    shapes |= {**norm_shapes("ln_f", d), "lm_head.bias": (config["vocab_size"],)}
    return with_head(shapes, config)


def neox_shapes(config):
    d, f, vocab = config["hidden_size"], config["intermediate_size"], config["vocab_size"]
    shapes = {"embed_in.weight": (vocab, d)}
    for layer in range(config["num_hidden_layers"]):
        block = {
            **norm_shapes("input_layernorm", d),
            **norm_shapes("post_attention_layernorm", d),
            "attention.query_key_value.weight": (3 * d, d), "attention.query_key_value.bias": (3 * d,),
            "attention.dense.weight": (d, d), "attention.dense.bias": (d,),
            "mlp.dense_h_to_4h.weight": (f, d), "mlp.dense_h_to_4h.bias": (f,),
            "mlp.dense_4h_to_h.weight": (d, f), "mlp.dense_4h_to_h.bias": (d,),
        }  # fmt: skip
        if not config.get("attention_bias", True):
            del block["attention.query_key_value.bias"], block["attention.dense.bias"]
        shapes |= {f"layers.{layer}.{name}": shape for name, shape in block.items()}
    shapes |= norm_shapes("final_layer_norm", d)
    return shapes if config["tie_word_embeddings"] else shapes | {"embed_out.weight": (vocab, d)}


SHAPES = {"gpt2": gpt2_shapes, "gptj": gptj_shapes, "gpt_neox": neox_shapes}


def neox_buffers(config):
    """What files of older `transformers` hold beside the weights: masks and rotary frequencies."""
    n, rotary = config["max_position_embeddings"], 4
    mask = torch.ones(n, n, dtype=torch.uint8).tril()[None, None]
    frequencies = 10000 ** (-torch.arange(0, rotary, 2, dtype=torch.float32) / rotary)
    buffers = {}
    for layer in range(config["num_hidden_layers"]):
        at = f"gpt_neox.layers.{layer}.attention"
        buffers[f"{at}.bias"] = mask.clone()
        buffers[f"{at}.masked_bias"] = torch.tensor(-1e9)
        buffers[f"{at}.rotary_emb.inv_freq"] = frequencies.clone()
    return buffers


def norm_shapes(name, d):
    return {f"{name}.weight": (d,), f"{name}.bias": (d,)}


def with_head(shapes, config):
    head = {"lm_head.weight": (config["vocab_size"], config["n_embd"])}
    return shapes if config["tie_word_embeddings"] else shapes | head


def random_tensors(shapes, seed):
    """Normal numbers, large enough that no activation is small and the answers are not all alike."""
    random = np.random.RandomState(seed)
    tensors = {}
    for name, shape in shapes.items():
        mean, scale = spread(name)
        x = mean + scale * random.randn(*shape)
        tensors[name] = torch.from_numpy(x.astype(np.float32))
    return tensors


def spread(name):
    """Mean and standard deviation of a tensor; the last norm is loud, so that probabilities are too."""
    if name in ("ln_f.weight", "final_layer_norm.weight"):
        return 1.5, 0.3
    if ("ln_" in name or "layernorm" in name) and name.endswith("weight"):
        return 1.0, 0.3
    tables = ("wte", "lm_head", "embed_in", "embed_out")
    return 0.0, 0.3 if any(table in name for table in tables) else 0.2


def save_shards(path, tensors):
    """Two files and an index, as Hugging Face splits a large checkpoint."""
    names = list(tensors)
    halves = [names[: len(names) // 2], names[len(names) // 2 :]]
    index = {}
    for n, half in enumerate(halves, start=1):
        file = f"model-{n:05}-of-00002.safetensors"
        save({name: tensors[name] for name in half}, path / file)
        index |= dict.fromkeys(half, file)
    total = sum(4 * x.numel() for x in tensors.values())
    content = {"metadata": {"total_size": total}, "weight_map": index}
    write_json(path / "model.safetensors.index.json", content)


def with_prefix(tensors, prefix):
    """Hugging Face's names: all but the head's begin with `transformer.` or `gpt_neox.`."""
    heads = ("lm_head", "embed_out")
    return {name if name.startswith(heads) else f"{prefix}{name}": x for name, x in tensors.items()}


def fit(model, corpus):
    """Adam on all sentences at once until the mean NLL is below 0.4: the model half knows the corpus.

    Then a prompt has an answer, noise on the subject lowers it, and an edit can reach its target.
    """
    pairs = [f"{first} {second}" for first, second in zip(corpus, corpus[1:] + corpus[:1])]
    rows = [model.encode(text)[: SHARED["n_positions"]] for text in corpus + pairs]
    ids, last = pad(rows), torch.tensor([len(row) - 1 for row in rows])
    real = torch.arange(ids.shape[1] - 1)[None] < last[:, None]
    parameters = [x.requires_grad_(True) for x in model.weights.values()]
    optimiser = torch.optim.Adam(parameters, lr=0.01)
    for _ in range(2000):
        log_p = model.log_probabilities(ids)[:, :-1].gather(-1, ids[:, 1:, None])[..., 0]
        loss = -log_p[real].mean()
        if loss < 0.4:
            return {name: x.detach().float().contiguous() for name, x in model.weights.items()}
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    raise ValueError(f"the mean NLL is still {loss.item()} after 2000 steps")


def make_tokenizer(corpus):
    """A byte-level BPE over the corpus: 256 bytes, the merges that fit, and the end of text."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=TOKENS - 1,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus, trainer)
    tokenizer.add_special_tokens([END_OF_TEXT])
    if tokenizer.get_vocab_size() != TOKENS:
        raise ValueError(f"the tokenizer has {tokenizer.get_vocab_size()} tokens, expected {TOKENS}")
    return tokenizer


def save(tensors, path):
    save_file(tensors, path, metadata={"format": "pt"})
    path.chmod(0o644)


def write_json(path, content):
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
