"""A small GPT-2 for training, with an attention mask per layer. Parameters carry Hugging Face's names."""

import torch
from torch import nn
from torch.nn import functional as F

CONFIG = dict(n_layer=8, n_embd=256, n_head=8, n_positions=128)


class Conv1D(nn.Module):
    """y = x W + b with W stored [in, out], as GPT-2 does."""

    def __init__(self, inner, outer, std=0.02):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(inner, outer) * std)
        self.bias = nn.Parameter(torch.zeros(outer))

    def forward(self, x):
        return F.linear(x, self.weight.t(), self.bias)


class Attention(nn.Module):
    def __init__(self, width, heads, std):
        super().__init__()
        self.heads = heads
        self.c_attn = Conv1D(width, 3 * width)
        self.c_proj = Conv1D(width, width, std)

    def forward(self, x, mask):
        """x [B, T, d]; mask [B, 1, T, T], true where a query (row) may look at a key (column)."""
        b, t, d = x.shape
        q, k, v = self.c_attn(x).view(b, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        scores = (q @ k.transpose(-2, -1)) * (d // self.heads) ** -0.5
        out = scores.masked_fill(~mask, -1e4).softmax(-1).to(v.dtype) @ v
        return self.c_proj(out.transpose(1, 2).reshape(b, t, d))


class MLP(nn.Module):
    def __init__(self, width, std):
        super().__init__()
        self.c_fc = Conv1D(width, 4 * width)
        self.c_proj = Conv1D(4 * width, width, std)

    def forward(self, x):
        return self.c_proj(F.gelu(self.c_fc(x), approximate="tanh"))


class Block(nn.Module):
    def __init__(self, width, heads, std):
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.attn = Attention(width, heads, std)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = MLP(width, std)

    def forward(self, x, mask):
        x = x + self.attn(self.ln_1(x), mask)
        return x + self.mlp(self.ln_2(x))


class GPT2(nn.Module):
    """Token ids [B, T] to final states [B, T, d]; `logits` applies the tied head."""

    def __init__(self, vocab_size, n_layer=8, n_embd=256, n_head=8, n_positions=128):
        super().__init__()
        self.config = dict(
            vocab_size=vocab_size, n_layer=n_layer, n_embd=n_embd, n_head=n_head, n_positions=n_positions
        )
        std = 0.02 / (2 * n_layer) ** 0.5
        self.wte = nn.Embedding(vocab_size, n_embd)
        self.wpe = nn.Embedding(n_positions, n_embd)
        nn.init.normal_(self.wte.weight, std=0.02)
        nn.init.normal_(self.wpe.weight, std=0.01)
        self.h = nn.ModuleList(Block(n_embd, n_head, std) for _ in range(n_layer))
        self.ln_f = nn.LayerNorm(n_embd)

    def forward(self, ids, masks=None, positions=None, swap=None):
        """masks: one [B, 1, T, T] per layer, or None for plain causal; positions [B, T], or None to count from 0.

        swap: (places [n] and others [n] in the flat batch, first and last layer), for training only: see `swapped`.
        """
        t = ids.shape[1]
        if masks is None:
            causal = torch.ones(t, t, dtype=torch.bool).tril().view(1, 1, t, t)
            masks = [causal] * len(self.h)
        x = self.wte(ids) + (self.wpe.weight[:t] if positions is None else self.wpe(positions))
        written = 0.0
        for layer, (block, mask) in enumerate(zip(self.h, masks)):
            middle = x + block.attn(block.ln_1(x), mask)
            output = block.mlp(block.ln_2(middle))
            x = middle + output
            if swap is not None and swap["first"] <= layer <= swap["last"]:
                written = written + output
                if layer == swap["last"]:
                    x = swapped(x, written, swap["places"], swap["others"])
        return self.ln_f(x)

    def logits(self, states):
        """Final states [..., d] to logits [..., V]."""
        return states @ self.wte.weight.t()


def swapped(x, written, places, others):
    """States [B, T, d] where, at `places`, all but what some MLPs have written is taken from `others`.

    So a subject's facts can be read only from these MLPs' outputs, which is what a restored MLP site must supply.
    """
    flat, memory = x.reshape(-1, x.shape[-1]), written.reshape(-1, x.shape[-1])
    rest = (flat - memory)[others].detach()
    return flat.index_copy(0, places, (rest + memory[places]).to(flat.dtype)).view_as(x)
