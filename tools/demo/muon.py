"""Muon (Jordan et al., 2024): momentum whose matrices are made nearly orthogonal by five Newton-Schulz steps."""

import torch


def orthogonal(update, steps=5):
    """The nearest semi-orthogonal matrix to `update` [m, n], roughly: singular values end between 0.7 and 1.2."""
    x = update.bfloat16()
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.t()
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.t()
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return (x.t() if tall else x).float()


class Muon(torch.optim.Optimizer):
    def __init__(self, groups, momentum=0.95):
        super().__init__(groups, dict(lr=0.0, momentum=momentum, weight_decay=0.0, split=1))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for weight in group["params"]:
                state = self.state[weight]
                if not state:
                    state["momentum"] = torch.zeros_like(weight)
                momentum = state["momentum"].lerp_(weight.grad, 1 - group["momentum"])
                update = weight.grad.lerp(momentum, group["momentum"])
                parts = [orthogonal(part) for part in update.chunk(group["split"], 1)]
                size = 0.2 * max(parts[0].shape) ** 0.5
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                weight.add_(torch.cat(parts, 1), alpha=-group["lr"] * size)
