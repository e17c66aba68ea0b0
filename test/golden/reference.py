"""GPT-2, GPT-J and GPT-NeoX in float64, written like METHODS.md 1.1 to 1.4, with one hook at every site.

Ours: it shares no line with `transformers`, so that each can be checked against the other.
"""

import json
import math
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer


def unchanged(site, layer, x):
    """The hook that changes nothing. Sites: embed, attn, key, mlp, hidden; x is [batch, token, width]."""
    return x


class Reference:
    """A model as a function from token ids to logits. Weights are named without `transformer.` or `gpt_neox.`."""

    def __init__(self, config, tokenizer, weights):
        self.config = config
        self.tokenizer = tokenizer
        self.weights = {name: x.double() for name, x in weights.items()}
        self.gptj = config["model_type"] == "gptj"
        self.neox = config["model_type"] == "gpt_neox"
        self.layers = config["num_hidden_layers" if self.neox else "n_layer"]
        self.width = config["hidden_size" if self.neox else "n_embd"]
        self.positions = config["max_position_embeddings" if self.neox else "n_positions"]
        self.heads = config["num_attention_heads" if self.neox else "n_head"]

    @staticmethod
    def open(folder):
        config = json.loads((Path(folder) / "config.json").read_text())
        tokenizer = Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
        return Reference(config, tokenizer, read_weights(Path(folder)))

    # --- text ---------------------------------------------------------------------------------

    def encode(self, text):
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def decode(self, ids):
        return self.tokenizer.decode(list(ids), skip_special_tokens=False)

    # --- weights in named layouts ---------------------------------------------------------------

    def linear(self, name, x):
        """x W + b with W [in, out]; GPT-J and NeoX store [out, in]."""
        y = x @ self.in_out(self.weights[f"{name}.weight"])
        bias = self.weights.get(f"{name}.bias")
        return y if bias is None else y + bias

    def in_out(self, weight):
        """[in, out] from what is stored, or the other way round."""
        return weight.T if self.gptj or self.neox else weight

    def mlp_out_name(self, layer):
        if self.neox:
            return f"layers.{layer}.mlp.dense_4h_to_h"
        return f"h.{layer}.mlp.{'fc_out' if self.gptj else 'c_proj'}"

    def mlp_out(self, layer):
        """W [dMlp, dModel], whatever the checkpoint's layout."""
        return self.in_out(self.weights[f"{self.mlp_out_name(layer)}.weight"])

    def with_delta(self, layer, delta):
        """This model with delta [dMlp, dModel] added to one MLP output matrix; the weights are shared."""
        name = f"{self.mlp_out_name(layer)}.weight"
        weight = self.weights[name] + self.in_out(delta)
        return Reference(self.config, self.tokenizer, {**self.weights, name: weight})

    # --- the model ------------------------------------------------------------------------------

    def norm(self, name, x):
        centred = x - x.mean(-1, keepdim=True)
        variance = (centred**2).mean(-1, keepdim=True)
        epsilon = self.config.get("layer_norm_eps" if self.neox else "layer_norm_epsilon", 1e-5)
        scaled = centred / torch.sqrt(variance + epsilon)
        return scaled * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]

    def attention(self, layer, x):
        """Causal self-attention, after the output projection: [batch, token, dModel]."""
        batch, tokens, _ = x.shape
        q, k, v = (y.transpose(1, 2) for y in self.queries_keys_values(layer, x))
        if self.gptj:
            q, k = (rotate(y, self.config["rotary_dim"]) for y in (q, k))
        if self.neox:
            q, k = (rotate_halves(y, *neox_rotary(self.config)) for y in (q, k))
        scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        future = torch.ones(tokens, tokens, dtype=torch.bool).triu(1)
        mixed = scores.masked_fill(future, -math.inf).softmax(-1) @ v
        mixed = mixed.transpose(1, 2).reshape(batch, tokens, self.width)
        if self.neox:
            return self.linear(f"layers.{layer}.attention.dense", mixed)
        return self.linear(f"h.{layer}.attn.{'out' if self.gptj else 'c'}_proj", mixed)

    def queries_keys_values(self, layer, x):
        """Each [batch, token, head, headDim]; NeoX has the three of a head side by side."""
        batch, tokens, _ = x.shape
        if self.neox:
            fused = self.linear(f"layers.{layer}.attention.query_key_value", x)
            return fused.view(batch, tokens, self.heads, 3, -1).unbind(3)
        if self.gptj:
            parts = [self.linear(f"h.{layer}.attn.{name}_proj", x) for name in "qkv"]
        else:
            parts = self.linear(f"h.{layer}.attn.c_attn", x).split(self.width, -1)
        return [y.view(batch, tokens, self.heads, -1) for y in parts]

    def mlp(self, layer, x, hook):
        if self.neox:
            key = gelu(self.linear(f"layers.{layer}.mlp.dense_h_to_4h", x))
            return self.linear(self.mlp_out_name(layer), hook("key", layer, key))
        first = "fc_in" if self.gptj else "c_fc"
        key = gelu_new(self.linear(f"h.{layer}.mlp.{first}", x))
        return self.linear(self.mlp_out_name(layer), hook("key", layer, key))

    def block(self, layer, h, hook):
        if self.neox:
            return self.neox_block(layer, h, hook)
        x = self.norm(f"h.{layer}.ln_1", h)
        a = hook("attn", layer, self.attention(layer, x))
        if not self.gptj:
            x = self.norm(f"h.{layer}.ln_2", h + a)
        m = hook("mlp", layer, self.mlp(layer, x, hook))
        return hook("hidden", layer, h + a + m)

    def neox_block(self, layer, h, hook):
        """The MLP has a norm of its own, of the block's input where the block is parallel."""
        x = self.norm(f"layers.{layer}.input_layernorm", h)
        a = hook("attn", layer, self.attention(layer, x))
        read = h if self.config.get("use_parallel_residual", True) else h + a
        x = self.norm(f"layers.{layer}.post_attention_layernorm", read)
        m = hook("mlp", layer, self.mlp(layer, x, hook))
        return hook("hidden", layer, h + a + m)

    @property
    def embedding(self):
        """W_e [vocab, dModel]."""
        return self.weights["embed_in.weight" if self.neox else "wte.weight"]

    def logits(self, ids, hook=unchanged):
        """ids [batch, token] to logits [batch, token, vocab]. Right padding changes nothing before it."""
        ids = torch.as_tensor(ids)
        h = hook("embed", -1, self.embedding[ids])
        if not self.gptj and not self.neox:
            h = h + self.weights["wpe.weight"][: ids.shape[1]]
        for layer in range(self.layers):
            h = self.block(layer, h, hook)
        head = self.weights.get("embed_out.weight" if self.neox else "lm_head.weight", self.embedding)
        y = self.norm("final_layer_norm" if self.neox else "ln_f", h) @ head.T
        return y + self.weights["lm_head.bias"] if "lm_head.bias" in self.weights else y

    def log_probabilities(self, ids, hook=unchanged):
        return self.logits(ids, hook).log_softmax(-1)


def read_weights(folder):
    """Every tensor of a folder, one file or several, without the `transformer.` or `gpt_neox.` prefix."""
    tensors = {}
    for file in sorted(folder.glob("model*.safetensors")):
        tensors.update(load_file(file))
    bare = (name.removeprefix("transformer.").removeprefix("gpt_neox.") for name in tensors)
    return dict(zip(bare, tensors.values()))


def gelu_new(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def gelu(x):
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


def neox_rotary(config):
    """How many dimensions of a head are rotated, and the base of the angles, by either kind of config."""
    head = config["hidden_size"] // config["num_attention_heads"]
    new = config.get("rope_parameters", {})
    share = new.get("partial_rotary_factor", config.get("rotary_pct", 0.25))
    return int(head * share), new.get("rope_theta", config.get("rotary_emb_base", 10000))


def rotate_halves(x, rotary, base):
    """Rotary embedding of the first `rotary` dimensions of x [batch, head, token, headDim], one of each half a pair."""
    positions = torch.arange(x.shape[2], dtype=torch.float64)[:, None]
    angles = positions * base ** (-torch.arange(0, rotary, 2, dtype=torch.float64) / rotary)
    cos, sin = angles.cos(), angles.sin()
    first, second, rest = x.split([rotary // 2, rotary // 2, x.shape[-1] - rotary], -1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin, rest], -1)


def rotate(x, rotary):
    """Rotary embedding of the first `rotary` dimensions of x [batch, head, token, headDim], in pairs."""
    positions = torch.arange(x.shape[2], dtype=torch.float64)[:, None]
    angles = positions * 10000 ** (-torch.arange(0, rotary, 2, dtype=torch.float64) / rotary)
    cos, sin = angles.cos(), angles.sin()
    even, odd = x[..., 0:rotary:2], x[..., 1:rotary:2]
    turned = torch.stack([even * cos - odd * sin, odd * cos + even * sin], -1).flatten(-2)
    return torch.cat([turned, x[..., rotary:]], -1)


def pad(rows):
    """Unequal rows of ids as [batch, token], padded on the right with 0."""
    longest = max(map(len, rows))
    return torch.tensor([list(row) + [0] * (longest - len(row)) for row in rows])


def byte_spans(reference, ids):
    """The byte offsets [begin, end) of every token in the text; exact where a token splits a character."""
    alphabet = byte_alphabet()
    spans, begin = [], 0
    for token in ids:
        length = len([alphabet[c] for c in reference.tokenizer.id_to_token(token)])
        spans.append((begin, begin + length))
        begin += length
    return spans


def byte_alphabet():
    """Byte-level BPE's letters: the printable bytes stand for themselves, the others follow from U+0100."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {chr(byte): byte for byte in printable}
    others = [byte for byte in range(256) if byte not in printable]
    return letters | {chr(256 + n): byte for n, byte in enumerate(others)}


def subject_span(reference, prompt, subject):
    """Token range [begin, end) of the first occurrence of the subject (METHODS 2.2), by bytes."""
    at = prompt.encode().index(subject.encode())
    end = at + len(subject.encode())
    spans = byte_spans(reference, reference.encode(prompt))
    first = next(i for i, (_, e) in enumerate(spans) if e > at)
    last = next(i for i, (_, e) in enumerate(spans) if e >= end)
    return first, last + 1
