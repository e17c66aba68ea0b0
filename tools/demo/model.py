"""A small GPT-2 for training, with an attention mask per layer. Parameters carry Hugging Face's names."""

import torch
from torch import nn
from torch.nn import functional as F

CONFIG = dict(n_layer=8, n_embd=256, n_head=8, n_inner=2048, n_positions=128)


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


def gelu(x):
    """gelu_new by the logistic function, which a compiler turns into faster code than tanh."""
    return x * torch.sigmoid(1.5957691216057308 * (x + 0.044715 * x * x * x))


class MLP(nn.Module):
    """Keys begin as random features, spread and rather sparse, so that their second moment is well conditioned."""

    def __init__(self, width, inner, std, spread, threshold):
        super().__init__()
        self.c_fc = Conv1D(width, inner, spread / width**0.5)
        self.c_proj = Conv1D(inner, width, std)
        nn.init.constant_(self.c_fc.bias, -threshold * spread)

    def forward(self, x):
        return self.c_proj(gelu(self.c_fc(x)))


class Block(nn.Module):
    def __init__(self, width, heads, inner, std, spread, threshold):
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.attn = Attention(width, heads, std)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = MLP(width, inner, std, spread, threshold)

    def forward(self, x, mask):
        middle = x + self.attn(self.ln_1(x), mask)
        output = self.mlp(self.ln_2(middle))
        return middle + output, output


class GPT2(nn.Module):
    """Token ids [B, T] to final states [B, T, d]; `logits` applies the tied head."""

    def __init__(
        self, vocab_size, n_layer=8, n_embd=256, n_head=8, n_inner=2048, n_positions=128, spread=1.5, threshold=0.75
    ):
        super().__init__()
        self.config = dict(
            vocab_size=vocab_size,
            n_layer=n_layer,
            n_embd=n_embd,
            n_head=n_head,
            n_inner=n_inner,
            n_positions=n_positions,
        )
        std = 0.02 / (2 * n_layer) ** 0.5
        self.wte = nn.Embedding(vocab_size, n_embd)
        self.wpe = nn.Embedding(n_positions, n_embd)
        nn.init.normal_(self.wte.weight, std=0.02)
        nn.init.normal_(self.wpe.weight, std=0.01)
        self.h = nn.ModuleList(Block(n_embd, n_head, n_inner, std, spread, threshold) for _ in range(n_layer))
        self.ln_f = nn.LayerNorm(n_embd)

    def forward(self, ids, masks=None, positions=None, swap=None):
        """masks: one [B, 1, T, T] per layer, or None for plain causal; positions [B, T], or None to count from 0.

        swap: {places [n], others [n], kept [n, layers]}, for training only: see `swapped`.
        """
        t = ids.shape[1]
        if masks is None:
            causal = torch.ones(t, t, dtype=torch.bool).tril().view(1, 1, t, t)
            masks = [causal] * len(self.h)
        x = self.wte(ids) + (self.wpe.weight[:t] if positions is None else self.wpe(positions))
        outputs = []
        for layer, (block, mask) in enumerate(zip(self.h, masks)):
            x, output = block(x, mask)
            if swap is not None and layer < swap["kept"].shape[1]:
                outputs.append(output)
                if len(outputs) == swap["kept"].shape[1]:
                    x = swapped(x, outputs, swap)
        return self.ln_f(x)

    def logits(self, states):
        """Final states [..., d] to logits [..., V]."""
        return states @ self.wte.weight.t()


def swapped(x, outputs, swap):
    """States [B, T, d] where, at `places`, all but what some layers' MLPs have written is taken from `others`.

    Which layers' outputs [B, T, d] a place keeps is drawn for each (`kept`, 0 or 1). So a subject's facts can be read only
    from these MLPs' outputs, which is what a restored MLP site must supply, and no layer alone holds them.
    """
    flat = x.reshape(-1, x.shape[-1])
    places, others = swap["places"], swap["others"]
    new = flat[others].detach()
    for layer, output in enumerate(outputs):
        output = output.reshape(-1, x.shape[-1])
        new = new + swap["kept"][:, layer, None] * (output[places] - output[others].detach())
    return flat.index_copy(0, places, new.to(flat.dtype)).view_as(x)
